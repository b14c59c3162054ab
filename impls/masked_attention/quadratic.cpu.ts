/** The quadratic form: scores, times the mask, times the values; a row at a time, so memory stays linear. */
import { addWeighted, scores, storedSums } from "../attention/cpu/products.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { fillDiagonal } from "./cpu/decays.js";
import { maskedAttention } from "./operator.js";

export const quadraticCpu = implementation(maskedAttention, "cpu", {
  form: "quadratic",
  source: "arXiv 2405.21060, definition 4.1 (structured masked attention), quadratic mode",
  rounding: ({ dims }) => f32Rounding(storedSums(dims.length)),
  prepare(engine, problem) {
    const { batch, length, heads, headDim, headDimV } = problem.dims;
    const { Q, K, V, logGamma, m, logA } = engine.inputs(maskedAttention, problem);
    const outputs = engine.outputs(maskedAttention, problem);
    const { Y } = outputs;
    const weights = new Float32Array(length);
    const mask = new Float32Array(length);
    /** What the mask owes to the distance t - s alone. */
    const diagonals = new Float32Array(heads * length);

    return engine.prepared(maskedAttention, problem, outputs, () => {
      for (let h = 0; h < heads; h++) fillDiagonal(diagonals, m, logGamma, h, h * length, length);
      for (let b = 0; b < batch; b++) {
        for (let h = 0; h < heads; h++) {
          const first = b * length * heads + h;
          for (let t = 0; t < length; t++) {
            const row = first + t * heads;
            // 1. scores
            scores(Q, row * headDim, K, first * headDim, heads * headDim, t + 1, headDim, 1, weights, 0);
            // 2. mask
            for (let s = 0, j = h * length + t; s <= t; s++, j--) weights[s] *= diagonals[j];
            if (logA) {
              decayRow(mask, t, logA[row]);
              for (let s = 0; s <= t; s++) weights[s] *= mask[s];
            }
            // 3. product with the values
            Y.fill(0, row * headDimV, (row + 1) * headDimV);
            addWeighted(
              weights,
              0,
              V,
              first * headDimV,
              heads * headDimV,
              t + 1,
              headDimV,
              Y,
              row * headDimV,
            );
          }
        }
      }
    });
  },
});

/** Row t from row t - 1: all older tokens decay once more, the current one is whole. */
function decayRow(mask: Float32Array, t: number, logDecay: number): void {
  const decay = Math.exp(logDecay);
  for (let s = 0; s < t; s++) mask[s] *= decay;
  mask[t] = 1;
}
