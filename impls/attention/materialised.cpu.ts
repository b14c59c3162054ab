/** The textbook form: the whole matrix of scores, its softmax by rows, its product with V. Quadratic memory. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { addWeighted, scores, storedSums } from "./cpu/products.js";
import { attention, attentionScale, NARROWED } from "./operator.js";
import { visibleKeys } from "./reference/visible.js";

/** 1 GiB of f32 scores; beyond it the tiled form is the one to use. */
const MAX_SCORES = 2 ** 28;

export const materialisedCpu = implementation(attention, "cpu", {
  form: "materialised",
  takes: NARROWED,
  source: "arXiv 1706.03762, equation (1)",
  rounding: ({ dims }) => f32Rounding(storedSums(dims.context)),
  unsupported: ({ dims: { length, context } }) =>
    length * context > MAX_SCORES
      ? `needs the scores of a head in memory, at most ${MAX_SCORES}, got length=${length} times context=${context}`
      : undefined,
  prepare(engine, problem) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const { Q, K, V } = engine.inputs(attention, problem);
    const outputs = engine.outputs(attention, problem);
    const { Y } = outputs;
    const scale = attentionScale(problem);
    const P = new Float32Array(length * context);
    // What a query does not see has a score of minus infinity and a probability of 0: neither is computed
    const { first, end } = visibleKeys(problem);

    return engine.prepared(attention, problem, outputs, () => {
      for (let b = 0; b < batch; b++) {
        for (let h = 0; h < heads; h++) {
          const group = Math.floor(h / (heads / groups));
          const key = (t: number) => (b * context + first[b * length + t]) * groups + group;
          const keys = (t: number) => end[b * length + t] - first[b * length + t];
          const row0 = b * length * heads + h;
          // 1. scores
          for (let t = 0; t < length; t++) {
            const query = (row0 + t * heads) * headDim;
            scores(Q, query, K, key(t) * headDim, groups * headDim, keys(t), headDim, scale, P, t * context);
          }
          // 2. softmax
          for (let t = 0; t < length; t++) softmax(P, t * context, keys(t));
          // 3. product with the values
          for (let t = 0; t < length; t++) {
            const y = (row0 + t * heads) * headDimV;
            Y.fill(0, y, y + headDimV);
            addWeighted(P, t * context, V, key(t) * headDimV, groups * headDimV, keys(t), headDimV, Y, y);
          }
        }
      }
    });
  },
});

/** P[p0..] <- exp(P - max P) / sum, over `keys` elements in place. */
function softmax(P: Float32Array, p0: number, keys: number): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let p = p0; p < p0 + keys; p++) max = Math.max(max, P[p]);
  let sum = 0;
  for (let p = p0; p < p0 + keys; p++) {
    const weight = Math.exp(P[p] - max);
    P[p] = weight;
    sum += weight;
  }
  for (let p = p0; p < p0 + keys; p++) P[p] /= sum;
}
