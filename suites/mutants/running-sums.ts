/**
 * Decays from differences of float32 running sums, exp(sum_t - sum_s), without the label `decay: "prefix"` that would allow for the
 * digits this loses (numerics: after a total log decay of -5e4 the error is 4e-3).
 */
import { f32Rounding } from "../../impls/bound.js";
import { implementation } from "../../impls/implementation.js";
import { ssd } from "../../impls/ssd/operator.js";

export const runningSums = implementation(ssd, "cpu", {
  form: "quadratic",
  source: "a planted bug: running-sums",
  options: () => [{ make: "running-sums" }],
  rounding: ({ dims }) => f32Rounding(dims.length),
  unsupported: ({ inputs }) =>
    inputs.D || inputs.z || inputs.initialState ? "needs a problem without D, z and initialState" : undefined,
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { X, logA, B, C, dt } = engine.inputs(ssd, problem);
    const outputs = engine.outputs(ssd, problem);
    const { Y, finalState } = outputs;
    const sums = new Float32Array(length);
    return engine.prepared(ssd, problem, outputs, () => {
      Y.fill(0);
      finalState.fill(0);
      for (let b = 0; b < batch; b++) {
        for (let h = 0; h < heads; h++) {
          const token = (t: number) => (b * length + t) * heads + h;
          const row = (t: number) => ((b * length + t) * groups + Math.floor(h / (heads / groups))) * state;
          for (let t = 0; t < length; t++) sums[t] = (t > 0 ? sums[t - 1] : 0) + logA[token(t)];
          for (let t = 0; t < length; t++) {
            for (let s = 0; s <= t; s++) {
              let score = 0;
              for (let n = 0; n < state; n++) score += C[row(t) + n] * B[row(s) + n];
              const weight = Math.exp(sums[t] - sums[s]) * score * (dt ? dt[token(s)] : 1);
              for (let p = 0; p < headDim; p++)
                Y[token(t) * headDim + p] += weight * X[token(s) * headDim + p];
            }
          }
          for (let s = 0; s < length; s++) {
            const weight = Math.exp(sums[length - 1] - sums[s]) * (dt ? dt[token(s)] : 1);
            for (let p = 0; p < headDim; p++)
              for (let n = 0; n < state; n++)
                finalState[((b * heads + h) * headDim + p) * state + n] +=
                  weight * X[token(s) * headDim + p] * B[row(s) + n];
          }
        }
      }
    });
  },
});
