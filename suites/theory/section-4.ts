/** Section 4: structured masked attention. Under any structured mask, one product in two orders. */
import fc from "fast-check";
import { maskedAttention } from "../../impls/masked_attention/operator.js";
import { givenProblem } from "../../impls/operator.js";
import { generators, type Semiseparable, semiseparable } from "./cases.js";
import { worstRatio } from "./dense.js";
import { type Matrix, matrix, oneSemiseparable, product } from "./matrices.js";
import { type AnyStatement, defineStatement } from "./statement.js";

const MASKS = ["causal", "decay", "1-semiseparable", "toeplitz"] as const;
type Mask = (typeof MASKS)[number];

interface Masked extends Semiseparable {
  readonly mask: Mask;
}

const masked = (masks: readonly Mask[]) =>
  fc
    .record({ example: semiseparable({ length: 32 }), mask: fc.constantFrom(...masks) })
    .map(({ example, mask }): Masked => ({ ...example, mask }));

/** The problem, and L by its definition. */
function attention(example: Masked) {
  const { length, state, channels, mask } = example;
  const { logA, a, B, C, X } = generators(example);
  // one decay for ever: its own first, where it is one
  const logGamma = new Float64Array([Math.max(logA[0], -100)]);
  const m = Float64Array.from(C.subarray(0, length), (_, j) => C[j * state]);
  const entries: Readonly<Record<Mask, () => Matrix>> = {
    causal: () => matrix(length, length, (t, s) => (s <= t ? 1 : 0)),
    decay: () => matrix(length, length, (t, s) => (s <= t ? Math.exp((t - s) * logGamma[0]) : 0)),
    "1-semiseparable": () => oneSemiseparable(a),
    toeplitz: () => matrix(length, length, (t, s) => (s <= t ? m[t - s] : 0)),
  };
  const own = {
    causal: {},
    decay: { logGamma },
    "1-semiseparable": { logA },
    toeplitz: { m },
  }[mask];
  const problem = givenProblem(maskedAttention, {
    dims: { batch: 1, length, heads: 1, headDim: state, headDimV: channels },
    inputs: { Q: C, K: B, V: X, ...own },
  });
  return { problem, L: entries[mask](), Q: C, K: B, V: X };
}

/** Y = (L o Q K^T) V, entry by entry. */
function quadratic({ length, state, channels }: Masked, { L, Q, K, V }: ReturnType<typeof attention>) {
  const G = matrix(length, length, (t, s) => {
    let sum = 0;
    for (let n = 0; n < state; n++) sum += Q[t * state + n] * K[s * state + n];
    // nothing times a product too large to be one is nothing
    return L.data[t * length + s] * sum;
  });
  return product(G, { rows: length, columns: channels, data: V }).data;
}

export const quadraticOrder = defineStatement({
  name: "quadratic-order",
  section: "4.3, equation 8",
  says: "G = Q K^T, M = G o L, Y = M V is masked attention, whatever the structure of the mask",
  of: ["masked_attention/quadratic"],
  cases: () => masked(MASKS),
  async ratio(example, { run }) {
    const given = attention(example);
    return worstRatio(await run("masked_attention/quadratic", given.problem), "Y", quadratic(example, given));
  },
});

export const linearOrder = defineStatement({
  name: "linear-order",
  section: "4.3, equation 15",
  says: "Z = K V^T, H = L Z, Y = Q H is the same product in the other order, for masks with a fast product",
  of: ["masked_attention/linear"],
  cases: () => masked(["causal", "decay", "1-semiseparable"]),
  async ratio(example, { run }) {
    const given = attention(example);
    return worstRatio(await run("masked_attention/linear", given.problem), "Y", quadratic(example, given));
  },
});

/** With the mask of ones H_t is the running sum of the k_s v_s^T, which needs no mask to be written down. */
export const linearAttentionIsCumulativeSum = defineStatement({
  name: "linear-attention-is-cumsum",
  section: "4.2",
  says: "Causal linear attention is a cumulative sum: multiplication by the mask of ones is cumsum",
  of: ["masked_attention/linear"],
  cases: () => masked(["causal"]),
  async ratio(example, { run }) {
    const { length, state, channels } = example;
    const { problem, Q, K, V } = attention(example);
    const H = new Float64Array(state * channels);
    const Y = new Float64Array(length * channels);
    for (let t = 0; t < length; t++) {
      for (let n = 0; n < state; n++) {
        for (let p = 0; p < channels; p++) {
          H[n * channels + p] += K[t * state + n] * V[t * channels + p];
          Y[t * channels + p] += Q[t * state + n] * H[n * channels + p];
        }
      }
    }
    return worstRatio(await run("masked_attention/linear", problem), "Y", Y);
  },
});

export const section4: readonly AnyStatement[] = [
  linearAttentionIsCumulativeSum,
  quadraticOrder,
  linearOrder,
];
