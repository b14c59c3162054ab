/** RMS norm with a gate, the one behind a Mamba-2 block's sequence map. Equations, settings and the bound: README.md. */
import { defineOperator, inputDtype, outputSize } from "../operator.js";
import { elementCount } from "../tensor.js";
import { reference } from "./reference.js";

export const rmsNormGated = defineOperator({
  name: "rms_norm_gated",
  // the channels of a group are normed together: heads / groups x headDim of them
  dims: ["batch", "length", "heads", "groups", "headDim"],
  inputs: {
    X: { axes: ["batch", "length", "heads", "headDim"], random: "coherent" },
    weight: { axes: ["heads", "headDim"], f32: true, random: "coherent" },
    bias: { axes: ["heads", "headDim"], optional: true, f32: true, random: "coherent" },
    z: { axes: ["batch", "length", "heads", "headDim"], optional: true, random: "coherent" },
  },
  outputs: { Y: ["batch", "length", "heads", "headDim"] },
  // as Mamba-2 has them: the gate first, then the norm
  settings: { normBeforeGate: false as boolean, eps: 1e-5 as number },
  laneAxes: ["batch", "length", "heads"],
  laneCost: ({ dims }) => (dims.heads / dims.groups) * dims.headDim,
  timed: "gate, weight and bias included",
  reference(problem, lanes) {
    return reference(this, problem, lanes);
  },
  // a square and its sum, two products; the gate as five operations
  cost(problem) {
    const { inputs, dtype } = problem;
    const bytesOf = (f32: boolean) => (f32 || dtype === "f32" ? 4 : 2);
    const read = Object.entries(inputs).map(([name, source]) =>
      source ? elementCount(source.shape) * bytesOf(inputDtype(this, problem, name) === "f32") : 0,
    );
    const elements = outputSize(this, problem, "Y");
    return {
      flops: elements * (4 + (inputs.bias ? 1 : 0) + (inputs.z ? 5 : 0)),
      bytes: read.reduce((sum, bytes) => sum + bytes, elements * bytesOf(false)),
    };
  },
  invalid({ dims: { heads, groups }, settings: { eps } }) {
    if (heads % groups !== 0) return `groups must divide heads, got groups=${groups} heads=${heads}`;
    return eps > 0 ? undefined : `eps must be above 0, got ${eps}`;
  },
});

export type RmsNormGated = typeof rmsNormGated;
