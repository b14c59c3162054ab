/** 1 / (sqrt(mean) + eps) instead of 1 / sqrt(mean + eps). */
import { silu } from "../../impls/causal_conv1d/reference/silu.js";
import { implementation } from "../../impls/implementation.js";
import { fusedCpu } from "../../impls/rms_norm_gated/fused.cpu.js";
import { rmsNormGated } from "../../impls/rms_norm_gated/operator.js";

export const epsOutside = implementation(rmsNormGated, "cpu", {
  ...fusedCpu,
  source: "a planted bug: eps-outside",
  options: () => [{ make: "eps-outside" }],
  prepare(engine, problem) {
    const { heads, groups, headDim } = problem.dims;
    const { normBeforeGate, eps } = problem.settings;
    const { X, weight, bias, z } = engine.inputs(rmsNormGated, problem);
    const outputs = engine.outputs(rmsNormGated, problem);
    const size = (heads / groups) * headDim;
    const gate = (i: number) => (z ? silu(z[i]) : 1);

    return engine.prepared(rmsNormGated, problem, outputs, () => {
      for (let first = 0; first < X.length; first += size) {
        const normed = (i: number) => X[first + i] * (normBeforeGate ? 1 : gate(first + i));
        let squares = 0;
        for (let i = 0; i < size; i++) squares += normed(i) ** 2;
        const inverse = 1 / (Math.sqrt(squares / size) + eps);
        for (let i = 0; i < size; i++) {
          const channel = (first + i) % (heads * headDim);
          const y = normed(i) * inverse * weight[channel] + (bias?.[channel] ?? 0);
          outputs.Y[first + i] = y * (normBeforeGate ? gate(first + i) : 1);
        }
      }
    });
  },
});
