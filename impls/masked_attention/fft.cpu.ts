/**
 * The linear order under a Toeplitz mask, O(T log T): H = L Z is a convolution along time for each pair (n, e) of Z = K V^T, made by the
 * transform of the convolution operator; Y = Q H.
 */
import { f32Rounding } from "../bound.js";
import { forward, inverse, twiddles } from "../convolution/cpu/negacyclic.js";
import { implementation } from "../implementation.js";
import { fillDiagonal } from "./cpu/decays.js";
import { maskedAttention } from "./operator.js";

export const fftCpu = implementation(maskedAttention, "cpu", {
  form: "fft",
  source:
    "arXiv 2405.21060, definition 4.1 (structured masked attention), linear mode: Z, H, Y; H by the convolution theorem",
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  rounding: () => ({ ...f32Rounding(0), transform: true }),
  unsupported: ({ inputs }) =>
    inputs.m && !inputs.logA ? undefined : "needs a Toeplitz mask: m, and no logA beside it",
  prepare(engine, problem) {
    const { batch, length, heads, headDim, headDimV } = problem.dims;
    const { Q, K, V, logGamma, m } = engine.inputs(maskedAttention, problem);
    const outputs = engine.outputs(maskedAttention, problem);
    const { Y } = outputs;
    const points = 2 ** Math.ceil(Math.log2(length));
    const table = twiddles(points);
    const [maskRe, maskIm, re, im] = Array.from({ length: 4 }, () => new Float32Array(points));
    const y = new Float64Array(length * headDimV);

    return engine.prepared(maskedAttention, problem, outputs, () => {
      for (let h = 0; h < heads; h++) {
        // the mask's spectrum, with the inverse's 1/points (a power of two) taken in advance: products cannot overflow early
        fillDiagonal(maskRe, m, logGamma, h, 0, length);
        for (let j = 0; j < length; j++) maskRe[j] /= points;
        maskRe.fill(0, length);
        maskIm.fill(0);
        forward(maskRe, maskIm, table);
        for (let b = 0; b < batch; b++) {
          y.fill(0);
          const row = (t: number) => (b * length + t) * heads + h;
          for (let n = 0; n < headDim; n++) {
            for (let e = 0; e < headDimV; e++) {
              // 1. Z
              for (let t = 0; t < length; t++) re[t] = K[row(t) * headDim + n] * V[row(t) * headDimV + e];
              re.fill(0, length);
              im.fill(0);
              // 2. H; what wrapped around is in the imaginary part
              forward(re, im, table);
              multiply(re, im, maskRe, maskIm);
              inverse(re, im, table);
              // 3. Y
              for (let t = 0; t < length; t++) y[t * headDimV + e] += Q[row(t) * headDim + n] * re[t];
            }
          }
          for (let t = 0; t < length; t++)
            Y.set(y.subarray(t * headDimV, (t + 1) * headDimV), row(t) * headDimV);
        }
      }
    });
  },
});

function multiply(re: Float32Array, im: Float32Array, byRe: Float32Array, byIm: Float32Array): void {
  for (let k = 0; k < re.length; k++) {
    const product = re[k] * byRe[k] - im[k] * byIm[k];
    im[k] = re[k] * byIm[k] + im[k] * byRe[k];
    re[k] = product;
  }
}
