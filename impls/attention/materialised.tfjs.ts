/** Attention as written: the whole matrix of scores, its softmax, and a product. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { attention, attentionScale } from "./operator.js";

function matrixBytes({ dims }: Pick<Problem, "dims">): number {
  return 4 * dims.length * dims.context;
}

export const materialisedTfjs = implementation(attention, "tfjs", {
  form: "materialised",
  source: "arXiv 1706.03762, equation (1), one head at a time",
  rounding: ({ dims }) => f32Rounding(dims.context),
  unsupported: (problem) => tooLarge("the scores of one head (length x context)", matrixBytes(problem)),
  prepare(engine, problem) {
    const { tf, pieces } = engine;
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const { causal } = problem.settings;
    const scale = attentionScale(problem);

    return engine.prepared(attention, problem, {
      // scores, masked scores, probabilities
      scratchBytes: (causal ? 4 : 3) * matrixBytes(problem),
      constants: () => {
        const masks: { visible?: Tensor; hidden?: Tensor } = {};
        if (causal) {
          masks.visible = tf.tidy(() =>
            tf.greaterEqual(
              tf.reshape(tf.range(0, length), [length, 1]),
              tf.reshape(tf.range(0, context), [1, context]),
            ),
          );
          // `where` with operands of one shape: broadcasting it is 40 times slower on wasm
          masks.hidden = tf.fill([length, context], Number.NEGATIVE_INFINITY);
        }
        return masks as Record<string, Tensor>;
      },
      compute({ Q, K, V }, { visible, hidden }) {
        const queries = pieces(
          tf.reshape(tf.transpose(tf.mul(Q, scale), [0, 2, 1, 3]), [batch * heads, length, headDim]),
        );
        // keys as columns, so that no product needs a transpose
        const keys = pieces(tf.reshape(tf.transpose(K, [0, 2, 3, 1]), [batch * groups, headDim, context]));
        const values = pieces(tf.reshape(tf.transpose(V, [0, 2, 1, 3]), [batch * groups, context, headDimV]));
        const rows = queries.map((query, i) => {
          const group = Math.floor((i * groups) / heads);
          return tf.tidy(() => {
            const scores = tf.matMul(query as Tensor2D, keys[group] as Tensor2D);
            const masked = visible ? tf.where(visible, scores, hidden) : scores;
            if (masked !== scores) scores.dispose();
            const weights = tf.softmax(masked);
            masked.dispose();
            return tf.matMul(weights, values[group] as Tensor2D);
          });
        });
        const byHead = tf.reshape(tf.stack(rows), [batch, heads, length, headDimV]);
        return { Y: tf.transpose(byHead, [0, 2, 1, 3]) };
      },
    });
  },
});
