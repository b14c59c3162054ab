/** Attention as written: the whole matrix of scores, its softmax, and a product. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import type { Differentiable, TensorProgram } from "../engines/tfjs.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type Attention, attention, attentionScale, emptyRows, NARROWED } from "./operator.js";
import { isNarrowed, visibleKeys } from "./reference/visible.js";

function matrixBytes({ dims }: Pick<Problem, "dims">): number {
  return 4 * dims.length * dims.context;
}

/** 1 where a query sees a key, (length context); one for all batches where no documents tell them apart. */
function masksOf(problem: Problem<Attention>): Uint8Array[] {
  const { batch, length, context } = problem.dims;
  const { first, end } = visibleKeys(problem);
  return Array.from({ length: problem.inputs.documents ? batch : 1 }, (_, b) => {
    const mask = new Uint8Array(length * context);
    for (let t = 0; t < length; t++)
      mask.fill(1, t * context + first[b * length + t], t * context + end[b * length + t]);
    return mask;
  });
}

export const materialisedTfjs = implementation(attention, "tfjs", {
  form: "materialised",
  takes: NARROWED,
  source: "arXiv 1706.03762, equation (1), one head at a time",
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: ({ dims }) => f32Rounding(dims.context),
  unsupported: (problem) =>
    emptyRows(problem) ?? tooLarge("the scores of one head (length x context)", matrixBytes(problem)),
  prepare: (engine, problem) => engine.prepared(attention, problem, materialisedProgram(engine, problem)),
});

/** The same as a program, which is differentiable where the engine's `pieces` are. */
export function materialisedProgram(
  { tf, pieces }: Differentiable,
  problem: Problem<Attention>,
): TensorProgram<Attention, Record<string, Tensor>> {
  const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
  const masked = problem.settings.causal || isNarrowed(problem);
  const scale = attentionScale(problem);

  return {
    // scores, masked scores, probabilities
    scratchBytes: (masked ? 4 : 3) * matrixBytes(problem),
    constants: () => {
      const masks: Record<string, Tensor> = {};
      if (masked) {
        for (const [b, mask] of masksOf(problem).entries())
          masks[`visible${b}`] = tf.tensor2d(mask, [length, context], "bool");
        // `where` with operands of one shape: broadcasting it is 40 times slower on wasm
        masks.hidden = tf.fill([length, context], Number.NEGATIVE_INFINITY);
      }
      return masks;
    },
    compute({ Q, K, V }, { hidden, ...masks }) {
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
          const visible = masks[`visible${Math.floor(i / heads)}`] ?? masks.visible0;
          const seen = visible ? tf.where(visible, scores, hidden) : scores;
          if (seen !== scores) scores.dispose();
          const weights = tf.softmax(seen);
          seen.dispose();
          return tf.matMul(weights, values[group] as Tensor2D);
        });
      });
      const byHead = tf.reshape(tf.stack(rows), [batch, heads, length, headDimV]);
      return { Y: tf.transpose(byHead, [0, 2, 1, 3]) };
    },
  };
}
