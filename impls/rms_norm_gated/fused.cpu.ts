/** Norm and gate in one pass over a token's channels, a group after another. */
import { hostRounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { rmsNormGated } from "./operator.js";

export const fusedCpu = implementation(rmsNormGated, "cpu", {
  form: "fused",
  source:
    "arXiv 1910.07467 (RMSNorm); arXiv 2405.21060, figure 6 (a norm behind the gate); rms_norm_ref of Mamba",
  rounding: () => hostRounding(0, 1),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim } = problem.dims;
    const { normBeforeGate, eps } = problem.settings;
    const { X, weight, bias, z } = engine.inputs(rmsNormGated, problem);
    const outputs = engine.outputs(rmsNormGated, problem);
    const { Y } = outputs;
    const channels = heads * headDim;
    const size = channels / groups;
    /** What is normed: the inputs of a group, gated where the gate comes first. */
    const values = new Float64Array(size);

    return engine.prepared(rmsNormGated, problem, outputs, () => {
      for (let first = 0; first < batch * length * channels; first += size) {
        // 1. the gate, where it comes first
        for (let i = 0; i < size; i++) values[i] = X[first + i];
        if (z && !normBeforeGate) for (let i = 0; i < size; i++) values[i] *= silu(z[first + i]);
        // 2. the norm
        const inverse = 1 / Math.sqrt(meanSquare(values) + eps);
        const channel = first % channels;
        for (let i = 0; i < size; i++) values[i] *= inverse * weight[channel + i];
        if (bias) for (let i = 0; i < size; i++) values[i] += bias[channel + i];
        // 3. the gate, where it comes last
        if (z && normBeforeGate) for (let i = 0; i < size; i++) values[i] *= silu(z[first + i]);
        Y.set(values, first);
      }
    });
  },
});

function meanSquare(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum / values.length;
}

function silu(v: number): number {
  return v / (1 + Math.exp(-v));
}
