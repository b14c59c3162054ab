/** The recurrent form: one token after another, constant memory (section 2.1 of the paper, equation 1). */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { epilogue } from "./epilogue.js";
import { ssd } from "./operator.js";

export const recurrentCpu = implementation(ssd, "cpu", {
  form: "recurrent",
  source: "arXiv 2405.21060, equation (1); the loop of section 6 with chunk length 1",
  rounding: () => f32Rounding(0),
  prepare(engine, problem) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { X, logA, B, C, dt, D, z, initialState } = engine.inputs(ssd, problem);
    const outputs = engine.outputs(ssd, problem);
    const { Y, finalState } = outputs;
    const finish = epilogue(problem, { X, D, z }, Y);
    const headsPerGroup = heads / groups;

    return engine.prepared(ssd, problem, outputs, () => {
      for (let b = 0; b < batch; b++) {
        for (let h = 0; h < heads; h++) {
          const group = Math.floor(h / headsPerGroup);
          const first = (b * heads + h) * headDim * state;
          const S = finalState.subarray(first, first + headDim * state);
          if (initialState) S.set(initialState.subarray(first, first + S.length));
          else S.fill(0);
          for (let t = 0; t < length; t++) {
            const token = (b * length + t) * heads + h;
            const a = Math.exp(logA[token]);
            const step = dt ? dt[token] : 1;
            const row = ((b * length + t) * groups + group) * state;
            updateAndRead(S, a, step, X, token * headDim, B, C, row, Y, headDim, state);
          }
        }
      }
      finish();
    });
  },
});

/** S_t = a S_(t-1) + dt x B^T and y = S_t C for one head at one token; a function of its own so that V8 keeps it in registers. */
function updateAndRead(
  S: Float32Array,
  a: number,
  step: number,
  X: Float32Array,
  channel0: number,
  B: Float32Array,
  C: Float32Array,
  row: number,
  Y: Float32Array,
  headDim: number,
  state: number,
): void {
  for (let p = 0, s = 0; p < headDim; p++) {
    const x = step * X[channel0 + p];
    let y = 0;
    for (let n = 0; n < state; n++, s++) {
      const value = Math.fround(a * S[s] + x * B[row + n]);
      S[s] = value;
      y += value * C[row + n];
    }
    Y[channel0 + p] = y;
  }
}
