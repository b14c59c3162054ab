/** State space duality, the map of Mamba-2 (arXiv 2405.21060). Equations, forms and the bound: README.md. */
import { defineOperator } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export const ssd = defineOperator({
  name: "ssd",
  dims: ["batch", "length", "heads", "groups", "headDim", "state"],
  inputs: {
    X: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    logA: { axes: ["batch", "length", "heads"], f32: true, random: "logDecay" },
    B: { axes: ["batch", "length", "groups", "state"], random: "coherent" },
    C: { axes: ["batch", "length", "groups", "state"], random: "coherent" },
    dt: { axes: ["batch", "length", "heads"], optional: true, f32: true, random: "timeStep" },
    D: {
      axes: ["heads", "headDim"],
      alternatives: [["heads"]],
      optional: true,
      f32: true,
      random: "coherent",
    },
    z: { axes: ["batch", "length", "heads", "headDim"], optional: true, random: "coherent" },
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
  settings: {},
  laneAxes: ["batch", "heads", "headDim"],
  // Y is linear in X, so one sum over a head's channels checks all of them; the gate z is not shared by channels
  projection: { axis: "headDim", applies: (problem) => problem.inputs.z === undefined },
  laneCost: ({ dims }) => dims.length * dims.state,
  timed: "logA given, no discretisation; dt, D and z where the problem has them",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // state update and output are one multiply-add an element of the state each; the decay can be shared (chunked form)
  cost: ({ dims, inputs, dtype }) => {
    const { batch, length, heads, headDim, state } = dims;
    const storage = dtype === "f32" ? 4 : 2;
    const inputBytes = Object.entries(inputs).reduce((bytes, [name, source]) => {
      const f32 = name === "logA" || name === "dt" || name === "D" || name === "initialState";
      return bytes + (source ? elementCount(source.shape) * (f32 ? 4 : storage) : 0);
    }, 0);
    const outputBytes = batch * heads * headDim * (length * storage + state * 4);
    return { flops: 4 * batch * length * heads * headDim * state, bytes: inputBytes + outputBytes };
  },
  invalid: ({ dims }) =>
    dims.heads % dims.groups === 0
      ? undefined
      : `groups must divide heads, got groups=${dims.groups} heads=${dims.heads}`,
});

export type Ssd = typeof ssd;
