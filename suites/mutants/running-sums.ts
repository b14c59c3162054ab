/**
 * Decays from differences of float32 running sums, exp(sum_t - sum_s), without the label `decay: "prefix"` that would allow for the
 * digits this loses (numerics: after a total log decay of -5e4 the error is 4e-3).
 */
import { f32Rounding } from "../../impls/bound.js";
import { implementation } from "../../impls/implementation.js";
import { epilogue } from "../../impls/ssd/cpu/epilogue.js";
import { ssd } from "../../impls/ssd/operator.js";

export const runningSums = implementation(ssd, "cpu", {
  form: "quadratic",
  source: "a planted bug: running-sums",
  options: () => [{ make: "running-sums" }],
  rounding: ({ dims }) => f32Rounding(dims.length),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { X, logA, B, C, dt, D, z, initialState } = engine.inputs(ssd, problem);
    const outputs = engine.outputs(ssd, problem);
    const { Y, finalState } = outputs;
    const finish = epilogue(problem, { X, D, z }, Y);
    const sums = new Float32Array(length);
    const entered = new Float64Array(headDim * state);
    return engine.prepared(ssd, problem, outputs, () => {
      Y.fill(0);
      finalState.fill(0);
      for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) oneHead(b, h);
      finish();
    });

    function oneHead(b: number, h: number): void {
      const token = (t: number) => (b * length + t) * heads + h;
      const row = (t: number) => ((b * length + t) * groups + Math.floor(h / (heads / groups))) * state;
      const first = (b * heads + h) * headDim * state;
      for (let t = 0; t < length; t++) sums[t] = (t > 0 ? sums[t - 1] : 0) + logA[token(t)];
      // the initial state stands before token 0; every other one enters with its own x and B
      for (let s = initialState ? -1 : 0; s < length; s++) {
        const before = s < 0 ? 0 : sums[s];
        const step = s < 0 ? 1 : dt ? dt[token(s)] : 1;
        for (let i = 0; i < entered.length; i++) {
          const x = step * X[token(Math.max(s, 0)) * headDim + Math.floor(i / state)];
          entered[i] = s < 0 ? initialState![first + i] : x * B[row(s) + (i % state)];
          finalState[first + i] += Math.exp(sums[length - 1] - before) * entered[i];
        }
        for (let t = Math.max(s, 0); t < length; t++) {
          const weight = Math.exp(sums[t] - before);
          for (let i = 0; i < entered.length; i++)
            Y[token(t) * headDim + Math.floor(i / state)] += weight * entered[i] * C[row(t) + (i % state)];
        }
      }
    }
  },
});
