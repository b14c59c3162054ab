/** The selective scan, the map of Mamba-1 (arXiv 2312.00752). Equations, forms and the bound: README.md. */
import { documentsInput } from "../documents.js";
import { defineOperator } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export const selectiveScan = defineOperator({
  name: "selective_scan",
  // channel d of the papers is h * headDim + p, so that width and groups are spelled as for ssd
  dims: ["batch", "length", "heads", "groups", "headDim", "state"],
  inputs: {
    u: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    delta: { axes: ["batch", "length", "heads", "headDim"], f32: true, random: "timeStep" },
    A: { axes: ["heads", "headDim", "state"], f32: true, random: "channelDecay" },
    B: {
      axes: ["batch", "length", "groups", "state"],
      alternatives: [["heads", "headDim", "state"]],
      random: "coherent",
    },
    C: {
      axes: ["batch", "length", "groups", "state"],
      alternatives: [["heads", "headDim", "state"]],
      random: "coherent",
    },
    D: { axes: ["heads", "headDim"], optional: true, f32: true, random: "coherent" },
    z: { axes: ["batch", "length", "heads", "headDim"], optional: true, random: "coherent" },
    deltaBias: { axes: ["heads", "headDim"], optional: true, f32: true, random: "coherent" },
    initialState: {
      axes: ["batch", "heads", "headDim", "state"],
      optional: true,
      f32: true,
      random: "coherent",
    },
    documents: documentsInput,
  },
  outputs: {
    Y: ["batch", "length", "heads", "headDim"],
    finalState: ["batch", "heads", "headDim", "state"],
  },
  /** softplus: delta <- softplus(delta + deltaBias), else delta + deltaBias. */
  settings: { softplus: false as boolean },
  laneAxes: ["batch", "heads", "headDim"],
  // one exponential and five recurrences an element of the state
  laneCost: ({ dims }) => 3 * dims.length * dims.state,
  timed: "discretisation, softplus, D and z where the problem has them",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // delta A, a s + x B, C s: six operations an element of the state and a token; its exponential is not counted
  cost: ({ dims, inputs, dtype }) => {
    const { batch, length, heads, headDim, state } = dims;
    const storage = dtype === "f32" ? 4 : 2;
    const inF32 = ["delta", "A", "D", "deltaBias", "initialState", "documents"];
    const inputBytes = Object.entries(inputs).reduce(
      (bytes, [name, source]) =>
        bytes + (source ? elementCount(source.shape) * (inF32.includes(name) ? 4 : storage) : 0),
      0,
    );
    const outputBytes = batch * heads * headDim * (length * storage + state * 4);
    return { flops: 6 * batch * length * heads * headDim * state, bytes: inputBytes + outputBytes };
  },
  extras: ({ inputs }) => (inputs.documents ? ["documents"] : []),
  invalid: ({ dims }) =>
    dims.heads % dims.groups === 0
      ? undefined
      : `groups must divide heads, got groups=${dims.groups} heads=${dims.heads}`,
});

export type SelectiveScan = typeof selectiveScan;
