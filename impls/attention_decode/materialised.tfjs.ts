/** One query in tensor ops: its scores, their softmax, the weighted mean of the values. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { elementCount } from "../tensor.js";
import { type AttentionDecode, attentionDecode, attentionScale, firstKey } from "./operator.js";

function cacheBytes({ dims }: Problem<AttentionDecode>): number {
  const { batch, context, groups, headDim, headDimV } = dims;
  return 4 * elementCount([batch, context, groups, Math.max(headDim, headDimV)]);
}

export const materialisedTfjs = implementation(attentionDecode, "tfjs", {
  form: "materialised",
  source: "arXiv 1706.03762, equation (1), one query over a cache of keys and values",
  rounding: ({ dims }) => f32Rounding(dims.context + 1),
  unsupported: (problem) => tooLarge("the keys of all sequences", cacheBytes(problem)),
  prepare(engine, problem) {
    const { tf, products } = engine;
    const { batch, context, heads, groups, headDim, headDimV } = problem.dims;
    const [pairs, ratio] = [batch * groups, heads / groups];
    const first = firstKey(problem);
    const kept = context - first;

    /** (b s g d) with keys first, or channels where they are columns, one matrix a batch and group. */
    const ofGroup = (cache: Tensor, channels: number, order: number[]) => {
      const seen = first > 0 ? tf.slice(cache, [0, first, 0, 0], [batch, kept, groups, channels]) : cache;
      return tf.transpose(seen, order);
    };

    return engine.prepared(attentionDecode, problem, {
      // keys as columns, values by group, scores and weights
      scratchBytes: 2 * cacheBytes(problem) + 3 * 4 * batch * heads * (kept + 1),
      compute({ Q, K, V, k, v }) {
        const query = tf.reshape(tf.mul(Q, attentionScale(problem)), [pairs, ratio, headDim]);
        const own = products(query, tf.reshape(k, [pairs, headDim, 1]));
        const ownValue = tf.reshape(v, [pairs, 1, headDimV]);
        if (kept === 0) return { Y: tf.reshape(tf.mul(tf.softmax(own), ownValue), [batch, heads, headDimV]) };
        const keys = tf.reshape(ofGroup(K, headDim, [0, 2, 3, 1]), [pairs, headDim, kept]);
        const values = tf.reshape(ofGroup(V, headDimV, [0, 2, 1, 3]), [pairs, kept, headDimV]);
        const weights = tf.softmax(tf.concat([products(query, keys), own], 2));
        const old = tf.slice(weights, [0, 0, 0], [pairs, ratio, kept]);
        const last = tf.slice(weights, [0, 0, kept], [pairs, ratio, 1]);
        const Y = tf.add(products(old, values), tf.mul(last, ownValue));
        return { Y: tf.reshape(Y, [batch, heads, headDimV]) };
      },
    });
  },
});
