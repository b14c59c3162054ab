/** The linear order as the paper writes it, with the mask as a matrix: Z = K V^T, H = L Z, Y = Q H. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type MaskedAttention, maskedAttention } from "./operator.js";
import { headByHead, pairBytes } from "./tfjs/heads.js";

/** Z, or H, of one head. */
function stateBytes({ dims }: Problem<MaskedAttention>): number {
  return 4 * dims.length * dims.headDim * dims.headDimV;
}

export const linearTfjs = implementation(maskedAttention, "tfjs", {
  form: "linear",
  source:
    "arXiv 2405.21060, definition 4.1 (structured masked attention), linear mode: Z, H, Y; H by a product with L",
  // pairs above the diagonal are multiplied by 0
  nonFinite: { tokens: "row" },
  rounding: ({ dims }) => f32Rounding(dims.length),
  unsupported: (problem) =>
    tooLarge("the mask (length x length)", pairBytes(problem)) ??
    tooLarge("the states of one head (length x headDim x headDimV)", stateBytes(problem)),
  prepare(engine, problem) {
    const { tf } = engine;
    const { length, headDim, headDimV } = problem.dims;
    const scratchBytes = 5 * pairBytes(problem) + 3 * stateBytes(problem);
    return headByHead(engine, problem, scratchBytes, ({ Q, K, V, L }) => {
      const outer = tf.mul(tf.reshape(K, [length, headDim, 1]), tf.reshape(V, [length, 1, headDimV]));
      const Z = tf.reshape(outer, [length, headDim * headDimV]) as Tensor2D;
      const H = tf.reshape(tf.matMul(L, Z), [length, headDim, headDimV]);
      return tf.sum(tf.mul(tf.reshape(Q, [length, headDim, 1]), H), 1);
    });
  },
});
