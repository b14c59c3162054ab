/** The gated delta rule (Gated DeltaNet, arXiv 2412.06464; KDA, arXiv 2510.26692). Equations, forms and the bound: README.md. */
import { defineOperator } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export { hasChannelDecays, LONGEST_CHUNK, queryScale } from "./reference/settings.js";

export const gatedDelta = defineOperator({
  name: "gated_delta",
  dims: ["batch", "length", "heads", "groups", "headDim", "state"],
  inputs: {
    Q: { axes: ["batch", "length", "groups", "state"], random: "coherent" },
    // rows of at most length 1, whatever the state: with steps in (0, 1) no token makes a state grow
    K: { axes: ["batch", "length", "groups", "state"], random: "weight" },
    V: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    /** One a head (Gated DeltaNet), or one a key channel (KDA). */
    logA: {
      axes: ["batch", "length", "heads"],
      alternatives: [["batch", "length", "heads", "state"]],
      f32: true,
      random: "logDecay",
    },
    beta: { axes: ["batch", "length", "heads"], f32: true, random: "timeStep" },
    initialState: {
      axes: ["batch", "heads", "headDim", "state"],
      optional: true,
      f32: true,
      random: "coherent",
    },
  },
  outputs: {
    Y: ["batch", "length", "heads", "headDim"],
    finalState: ["batch", "heads", "headDim", "state"],
  },
  /** scale 0 stands for 1 / sqrt(state); a kernel asks `queryScale`. */
  settings: { scale: 0 as number },
  laneAxes: ["batch", "heads", "headDim"],
  laneCost: ({ dims }) => 2 * dims.length * dims.state,
  timed: "keys as they are (no norm), steps and log decays that are ready, scale",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // three multiply-adds an element of the state: what it predicts, what is added, what is read
  cost: (problem) => {
    const { dims, inputs, dtype } = problem;
    const { batch, length, heads, headDim, state } = dims;
    const storage = dtype === "f32" ? 4 : 2;
    const inputBytes = Object.entries(inputs).reduce(
      (bytes, [name, source]) =>
        bytes + (source ? elementCount(source.shape) * (STORED.has(name) ? storage : 4) : 0),
      0,
    );
    const outputBytes = batch * heads * headDim * (length * storage + state * 4);
    return { flops: 6 * batch * length * heads * headDim * state, bytes: inputBytes + outputBytes };
  },
  invalid: ({ dims, settings }) => {
    const { heads, groups } = dims;
    if (heads % groups !== 0) return `groups must divide heads, got groups=${groups} heads=${heads}`;
    return Number.isFinite(settings.scale)
      ? undefined
      : `scale must be a finite number, got ${settings.scale}`;
  },
});

export type GatedDelta = typeof gatedDelta;

const STORED = new Set(["Q", "K", "V"]);
