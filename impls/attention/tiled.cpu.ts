/**
 * FlashAttention's form: a tile of queries meets one tile of keys after another, with a softmax that is corrected whenever a larger
 * score turns up. Memory does not grow with the length; tiles that lie above the diagonal are never touched.
 */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { addWeighted, scores, storedSums } from "./cpu/products.js";
import { attention, attentionScale, NARROWED } from "./operator.js";
import { visibleKeys } from "./reference/visible.js";

/** Keys and values of one tile stay in the first-level cache while the queries pass over them. */
export const TILE = 32;

export const tiledCpu = implementation(attention, "cpu", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 1 (FlashAttention-2); online softmax of arXiv 2205.14135, section 3.1",
  // what `addWeighted` stores over all tiles, and one rescaling for each
  rounding: ({ dims }) => f32Rounding(storedSums(dims.context) + Math.ceil(dims.context / TILE)),
  prepare(engine, problem) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const { Q, K, V } = engine.inputs(attention, problem);
    const outputs = engine.outputs(attention, problem);
    const { Y } = outputs;
    const scale = attentionScale(problem);
    const { first, end } = visibleKeys(problem);
    const P = new Float32Array(TILE);
    const maxima = new Float64Array(TILE);
    const sums = new Float64Array(TILE);

    return engine.prepared(attention, problem, outputs, () => {
      for (let b = 0; b < batch; b++) {
        for (let h = 0; h < heads; h++) {
          const group = Math.floor(h / (heads / groups));
          for (let t0 = 0; t0 < length; t0 += TILE)
            tileOfQueries(b, h, group, t0, Math.min(TILE, length - t0));
        }
      }
    });

    function tileOfQueries(b: number, h: number, group: number, t0: number, queries: number): void {
      maxima.fill(Number.NEGATIVE_INFINITY);
      sums.fill(0);
      const row = (q: number) => (b * length + t0 + q) * heads + h;
      for (let q = 0; q < queries; q++) Y.fill(0, row(q) * headDimV, (row(q) + 1) * headDimV);

      const seen = b * length + t0;
      const last = end[seen + queries - 1];
      // neither falls from one query to the next
      for (let s0 = first[seen]; s0 < last; s0 += TILE) {
        for (let q = 0; q < queries; q++) {
          const from = Math.max(s0, first[seen + q]);
          const keys = Math.min(s0 + TILE, end[seen + q]) - from;
          if (keys <= 0) continue;
          const key0 = (b * context + from) * groups + group;
          const y0 = row(q) * headDimV;
          scores(Q, row(q) * headDim, K, key0 * headDim, groups * headDim, keys, headDim, scale, P, 0);

          let max = maxima[q];
          for (let s = 0; s < keys; s++) max = Math.max(max, P[s]);
          // What was summed under a smaller maximum shrinks to the new one
          const rescale = Math.exp(maxima[q] - max);
          maxima[q] = max;
          if (rescale !== 1) for (let y = y0; y < y0 + headDimV; y++) Y[y] *= rescale;
          let sum = sums[q] * rescale;
          for (let s = 0; s < keys; s++) {
            const weight = Math.exp(P[s] - max);
            P[s] = weight;
            sum += weight;
          }
          sums[q] = sum;
          addWeighted(P, 0, V, key0 * headDimV, groups * headDimV, keys, headDimV, Y, y0);
        }
      }

      for (let q = 0; q < queries; q++)
        for (let y = row(q) * headDimV; y < (row(q) + 1) * headDimV; y++) Y[y] /= sums[q] || 1;
    }
  },
});
