/** What both orders share in tensor ops: one head of one sequence after another, its rows as matrices, its mask as one. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TfjsEngine } from "../../engines/tfjs.js";
import type { Problem } from "../../operator.js";
import type { Prepared } from "../../prepared.js";
import { type MaskedAttention, maskedAttention } from "../operator.js";
import { distances, maskOf } from "./mask.js";

/** Matrices of one head. */
export interface Head {
  /** (t, n) */
  readonly Q: Tensor2D;
  /** (s, n) */
  readonly K: Tensor2D;
  /** (s, e) */
  readonly V: Tensor2D;
  /** (t, s) */
  readonly L: Tensor2D;
}

/** Bytes of a tensor with an element for each pair of tokens. */
export function pairBytes({ dims }: Pick<Problem, "dims">): number {
  return 4 * dims.length ** 2;
}

/** @param order from the matrices of a head to its Y (t, e) */
export function headByHead(
  { tf, pieces, prepared }: TfjsEngine,
  problem: Problem<MaskedAttention>,
  scratchBytes: number,
  order: (head: Head) => Tensor,
): Promise<Prepared<MaskedAttention, void>> {
  const { batch, length, heads, headDim, headDimV } = problem.dims;
  return prepared(maskedAttention, problem, {
    scratchBytes,
    constants: () => distances(tf, length),
    compute({ Q, K, V, logGamma, m, logA }, constants) {
      const rows = (x: Tensor, width: number) =>
        pieces(tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * heads, length, width])) as Tensor2D[];
      const [queries, keys, values] = [rows(Q, headDim), rows(K, headDim), rows(V, headDimV)];
      const gammas = logGamma && pieces(logGamma);
      const diagonals = m && pieces(m);
      const decays = logA && pieces(tf.reshape(tf.transpose(logA, [0, 2, 1]), [batch * heads, length]));
      const Ys = queries.map((query, i) =>
        tf.tidy(() => {
          const h = i % heads;
          const head = { logGamma: gammas?.[h], m: diagonals?.[h], logA: decays?.[i] };
          const L = maskOf(tf, length, constants, head) as Tensor2D;
          return order({ Q: query, K: keys[i], V: values[i], L });
        }),
      );
      const byHead = tf.reshape(tf.stack(Ys), [batch, heads, length, headDimV]);
      return { Y: tf.transpose(byHead, [0, 2, 1, 3]) };
    },
  });
}
