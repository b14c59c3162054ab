/** Mamba-3 with one input and one output a channel (SISO; arXiv 2603.15569). Equations, forms and the bound: README.md. */
import { defineOperator } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

/** What one part of a sequence hands to the next: all four, or none. */
export const CARRIED = ["initialAngles", "initialState", "initialK", "initialV"] as const;

export const mamba3 = defineOperator({
  name: "mamba3",
  dims: ["batch", "length", "heads", "groups", "headDim", "state", "pairs"],
  inputs: {
    V: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    Q: { axes: ["batch", "length", "groups", "state"], random: "coherent" },
    K: { axes: ["batch", "length", "groups", "state"], random: "coherent" },
    logA: { axes: ["batch", "length", "heads"], f32: true, random: "logDecay" },
    dt: { axes: ["batch", "length", "heads"], f32: true, random: "timeStep" },
    trap: { axes: ["batch", "length", "heads"], f32: true, random: "signed8" },
    angles: { axes: ["batch", "length", "heads", "pairs"], f32: true, random: "coherent" },
    biasQ: { axes: ["heads", "state"], f32: true, random: "coherent" },
    biasK: { axes: ["heads", "state"], f32: true, random: "coherent" },
    D: { axes: ["heads"], optional: true, f32: true, random: "coherent" },
    z: { axes: ["batch", "length", "heads", "headDim"], optional: true, random: "coherent" },
    initialAngles: { axes: ["batch", "heads", "pairs"], optional: true, f32: true, random: "coherent" },
    initialState: {
      axes: ["batch", "heads", "headDim", "state"],
      optional: true,
      f32: true,
      random: "coherent",
    },
    initialK: { axes: ["batch", "heads", "state"], optional: true, f32: true, random: "coherent" },
    initialV: { axes: ["batch", "heads", "headDim"], optional: true, f32: true, random: "coherent" },
  },
  outputs: {
    Y: ["batch", "length", "heads", "headDim"],
    /** Radians in [0, 2 pi). */
    finalAngles: ["batch", "heads", "pairs"],
    finalState: ["batch", "heads", "headDim", "state"],
    /** The last token's key with its bias, rotated. */
    finalK: ["batch", "heads", "state"],
    finalV: ["batch", "heads", "headDim"],
  },
  settings: {},
  laneAxes: ["batch", "heads", "headDim"],
  laneCost: ({ dims }) => dims.length * dims.state,
  timed:
    "angles before tanh, raw Q and K; biases, rotation, weights of the trapezoid, D and z where the problem has them",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // beside ssd's two multiply-adds an element of the state: a turn of q and of k, four products and two sums a pair
  cost: ({ dims, inputs, dtype }) => {
    const { batch, length, heads, headDim, state, pairs } = dims;
    const storage = dtype === "f32" ? 4 : 2;
    const inputBytes = Object.entries(inputs).reduce(
      (bytes, [name, source]) =>
        bytes + (source ? elementCount(source.shape) * (STORED.has(name) ? storage : 4) : 0),
      0,
    );
    const carried = headDim * state + state + headDim + pairs;
    const outputBytes = batch * heads * (length * headDim * storage + carried * 4);
    return {
      flops: batch * length * heads * (4 * headDim * state + 12 * pairs),
      bytes: inputBytes + outputBytes,
    };
  },
  invalid: ({ dims, inputs }) => {
    const { heads, groups, state, pairs } = dims;
    if (heads % groups !== 0) return `groups must divide heads, got groups=${groups} heads=${heads}`;
    if (2 * pairs > state) return `pairs must be at most half of state, got pairs=${pairs} state=${state}`;
    const there = CARRIED.filter((name) => inputs[name]);
    return there.length === 0 || there.length === CARRIED.length
      ? undefined
      : `${CARRIED.join(", ")} come together, got ${there.join(", ")}`;
  },
});

export type Mamba3 = typeof mamba3;

/** Half of a key's entries turn where nobody says otherwise, as in the official module (rope_fraction 1/2). */
export function usualPairs(state: number): number {
  return Math.max(1, Math.floor(state / 4));
}

const STORED = new Set(["V", "Q", "K", "z"]);
