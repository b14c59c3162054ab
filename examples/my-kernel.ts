/**
 * A kernel of your own beside ours. Copy this file, change what happens inside `run`, and measure it:
 *
 *     npm run bench -- --grid quick --suite sequence-length --filter ssd/ --impl examples/my-kernel.ts
 *
 * Your implementation is verified against the float64 reference at every size before it is timed, and again after. It appears in
 * the tables and charts under its form, engine and `make`. In a project of your own, import from "dualbench" instead of "../impls".
 */
import { f32Rounding } from "../impls/bound.js";
import { implementation } from "../impls/implementation.js";
import { ssd } from "../impls/ssd/operator.js";

export default implementation(ssd, "cpu", {
  form: "recurrent",
  source: "examples/my-kernel.ts: the recurrence, channel by channel",
  // tells it apart from other kernels of the same form and engine in the case id
  options: () => [{ make: "my-kernel" }],
  // what your arithmetic rounds to: the bound follows from it. f32 throughout, and no sum over tokens (a recurrence sums one at a time)
  rounding: () => f32Rounding(0),
  // one sentence about what this cannot do: such cases are skipped, with the sentence as the reason
  unsupported: (problem) =>
    ["D", "z", "initialState"].some((name) => name in problem.inputs)
      ? "this example takes X, logA, B, C and dt only"
      : undefined,

  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    // upload: everything that is not part of the timed run
    const { X, logA, B, C, dt } = engine.inputs(ssd, problem);
    const outputs = engine.outputs(ssd, problem);
    const { Y, finalState } = outputs;

    // compute: repeatable, allocates nothing, reads no clock
    return engine.prepared(ssd, problem, outputs, () => {
      finalState.fill(0);
      for (let b = 0; b < batch; b++)
        for (let h = 0; h < heads; h++)
          for (let p = 0; p < headDim; p++) {
            const channel = (b * heads + h) * headDim + p;
            const S = finalState.subarray(channel * state, (channel + 1) * state);
            const group = Math.floor(h / (heads / groups));
            for (let t = 0; t < length; t++) {
              const token = b * length + t;
              const a = Math.exp(logA[token * heads + h]);
              // Mamba-2 scales X by its time step
              const step = dt ? dt[token * heads + h] : 1;
              const x = step * X[(token * heads + h) * headDim + p];
              const row = (token * groups + group) * state;
              // S_t = a_t S_(t-1) + dt_t x_t B_t, y_t = C_t S_t
              let y = 0;
              for (let n = 0; n < state; n++) {
                S[n] = a * S[n] + x * B[row + n];
                y += C[row + n] * S[n];
              }
              Y[(token * heads + h) * headDim + p] = y;
            }
          }
    });
  },
});
