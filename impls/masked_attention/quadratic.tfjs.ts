/** The quadratic order as the paper writes it: G = Q K^T, M = G o L, Y = M V. */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { maskedAttention } from "./operator.js";
import { headByHead, pairBytes } from "./tfjs/heads.js";

export const quadraticTfjs = implementation(maskedAttention, "tfjs", {
  form: "quadratic",
  source: "arXiv 2405.21060, definition 4.1 (structured masked attention), quadratic mode: G, M, Y",
  // pairs above the diagonal are multiplied by 0
  nonFinite: { tokens: "row" },
  rounding: ({ dims }) => f32Rounding(dims.length),
  unsupported: (problem) => tooLarge("the mask (length x length)", pairBytes(problem)),
  prepare(engine, problem) {
    const { tf } = engine;
    // the mask and its factors, scores, masked scores
    return headByHead(engine, problem, 6 * pairBytes(problem), ({ Q, K, V, L }) => {
      const G = tf.matMul(Q, K, false, true);
      const M = tf.mul(G, L);
      return tf.matMul(M as typeof V, V);
    });
  },
});
