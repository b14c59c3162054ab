/** A convolution with the kernel of an LTI state space model, run as its recurrence: one token after another, constant memory. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { convolution } from "./operator.js";

export const recurrentCpu = implementation(convolution, "cpu", {
  form: "recurrent",
  source: "arXiv 2111.00396 (S4), section 2.3, for diagonal A with real poles",
  rounding: () => f32Rounding(0),
  unsupported: ({ inputs }) =>
    inputs.poles && inputs.weights
      ? undefined
      : "needs a kernel given by poles and weights (ltiProblem), got one by its values only",
  prepare(engine, problem) {
    const { batch, length, heads, headDim } = problem.dims;
    const { u, poles, weights } = engine.inputs(convolution, problem);
    const outputs = engine.outputs(convolution, problem);
    const channels = heads * headDim;
    const S = new Float32Array(headDim);

    return engine.prepared(convolution, problem, outputs, () => {
      for (let b = 0; b < batch; b++) {
        for (let channel = 0; channel < channels; channel++) {
          S.fill(0);
          for (let t = 0; t < length; t++) {
            const i = (b * length + t) * channels + channel;
            outputs.Y[i] = step(S, poles!, weights!, channel * headDim, u[i]);
          }
        }
      }
    });
  },
});

/** s_n <- a_n s_n + w_n x for every mode, and their sum. */
function step(S: Float32Array, poles: Float32Array, weights: Float32Array, first: number, x: number): number {
  let y = 0;
  for (let n = 0; n < S.length; n++) {
    const state = Math.fround(poles[first + n] * S[n] + weights[first + n] * x);
    S[n] = state;
    y += state;
  }
  return y;
}
