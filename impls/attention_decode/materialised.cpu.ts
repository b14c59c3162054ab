/** One query at a time: the scores of all that it sees, their softmax, and the weighted mean of the values. */
import { addWeighted, scores, storedSums } from "../attention/cpu/products.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attentionDecode, attentionScale, firstKey } from "./operator.js";

export const materialisedCpu = implementation(attentionDecode, "cpu", {
  form: "materialised",
  source: "arXiv 1706.03762, equation (1), one query over a cache of keys and values",
  // what `addWeighted` stores, and the new token's share
  rounding: ({ dims }) => f32Rounding(storedSums(dims.context) + 1),
  prepare(engine, problem) {
    const { batch, context, heads, groups, headDim, headDimV } = problem.dims;
    const { Q, K, V, k, v } = engine.inputs(attentionDecode, problem);
    const outputs = engine.outputs(attentionDecode, problem);
    const { Y } = outputs;
    const scale = attentionScale(problem);
    const first = firstKey(problem);
    const kept = context - first;
    const P = new Float32Array(kept + 1);

    return engine.prepared(attentionDecode, problem, outputs, () => {
      for (let row = 0; row < batch * heads; row++) {
        const [b, h] = [Math.floor(row / heads), row % heads];
        const group = Math.floor(h / (heads / groups));
        const [old, own] = [(b * context + first) * groups + group, b * groups + group];
        const [q, y] = [row * headDim, row * headDimV];
        // 1. scores, the new token's last
        scores(Q, q, K, old * headDim, groups * headDim, kept, headDim, scale, P, 0);
        scores(Q, q, k, own * headDim, 0, 1, headDim, scale, P, kept);
        // 2. softmax
        const max = P.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
        let sum = 0;
        for (let s = 0; s <= kept; s++) {
          P[s] = Math.exp(P[s] - max);
          sum += P[s];
        }
        for (let s = 0; s <= kept; s++) P[s] /= sum;
        // 3. product with the values
        Y.fill(0, y, y + headDimV);
        addWeighted(P, 0, V, old * headDimV, groups * headDimV, kept, headDimV, Y, y);
        addWeighted(P, kept, v, own * headDimV, 0, 1, headDimV, Y, y);
      }
    });
  },
});
