/** Attention in jax-js as written: all scores, their softmax, a product. */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { jaxMask } from "../peers/jaxjs.js";
import { type Attention, attention, attentionScale } from "./operator.js";

function scoreBytes({ dims }: Problem<Attention>): number {
  return 4 * dims.batch * dims.heads * dims.length * dims.context;
}

export const materialisedJaxjs = implementation(attention, "jaxjs", {
  form: "materialised",
  source: "arXiv 1706.03762, equation (1), by einsum",
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: ({ dims }) => f32Rounding(dims.context),
  // products of other shapes are compiled otherwise
  bitwise: false,
  unsupported: (problem) => tooLarge("the scores of all heads (length x context)", scoreBytes(problem)),
  prepare(engine, problem) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const perGroup = heads / groups;
    return engine.prepared(attention, problem, {
      scratchBytes: 3 * scoreBytes(problem) + 4 * length * context,
      compute(ops, { Q, K, V }) {
        const queries = ops.multiply(
          ops.reshape(Q, [batch, length, groups, perGroup, headDim]),
          attentionScale(problem),
        );
        const scores = ops.einsum("btgkd,bsgd->bgkts", queries, K);
        const visible = () =>
          ops.greater(
            jaxMask(ops, length, context, (t, s) => s <= t),
            0.5,
          );
        const masked = problem.settings.causal
          ? ops.where(visible(), scores, Number.NEGATIVE_INFINITY)
          : scores;
        const weights = ops.exp(ops.subtract(masked, ops.max(masked, -1, { keepdims: true })));
        const means = ops.divide(weights, ops.sum(weights, -1, { keepdims: true }));
        const Y = ops.einsum("bgkts,bsgd->btgkd", means, V);
        return { Y: ops.reshape(Y, [batch, length, heads, headDimV]) };
      },
    });
  },
});
