/**
 * Pairs of tokens of a chunk on the host: products of keys and queries with keys before them, each decayed by what lies between. Decays
 * are multiplied token after token, never divided and never exponentials of differences: a factor is at most 1, whatever the chunk, and a
 * decay of 0 is one.
 */
import type { Inputs, Problem } from "../../operator.js";
import { multiplyTransposed } from "../../recurrence/host-matrix.js";
import { nextMaskRow } from "../../ssd/cpu/mask.js";
import { type GatedDelta, hasChannelDecays } from "../operator.js";
import { decaysOf } from "./decays.js";

/** Rows are tokens of a chunk; behind `make`. */
export interface Pairs {
  /** Products of a key, or a query, with earlier keys (of the query also with its own), at [t][s]. */
  readonly keys: Float64Array;
  readonly queries: Float64Array;
  /** Keys decayed to the chunk's end. */
  readonly toEnd: Float64Array;
  /**
   * @param q rows of queries times their scale, zeros behind the last; decayed from the chunk's start, as `k` is
   * @param token of the first row, flat index into batch length heads
   */
  make(q: Float64Array, k: Float64Array, token: number, size: number): void;
  /** Rows of the state (one a channel) over the whole chunk. */
  decayState(S: Float64Array): void;
}

/** @param rows of a chunk, padded */
export function pairsOf(problem: Problem<GatedDelta>, inputs: Inputs<GatedDelta>, rows: number): Pairs {
  return hasChannelDecays(problem)
    ? new ChannelPairs(problem, inputs, rows)
    : new HeadPairs(problem, inputs, rows);
}

/** One decay a token: products of pairs are made at once, and decayed after. */
class HeadPairs implements Pairs {
  readonly keys: Float64Array;
  readonly queries: Float64Array;
  readonly toEnd: Float64Array;
  readonly #mask: Float64Array;
  #decay = 1;

  constructor(
    private readonly problem: Problem<GatedDelta>,
    private readonly inputs: Inputs<GatedDelta>,
    private readonly rows: number,
  ) {
    const { state } = problem.dims;
    [this.keys, this.queries] = [0, 1].map(() => new Float64Array(rows * rows));
    this.toEnd = new Float64Array(rows * state);
    this.#mask = new Float64Array(rows);
  }

  make(q: Float64Array, k: Float64Array, token: number, size: number): void {
    const { rows, keys, queries, toEnd } = this;
    const { heads, state } = this.problem.dims;
    const { logA } = this.inputs;
    const mask = this.#mask;
    multiplyTransposed(k, state, rows, k, state, rows, state, keys, rows);
    multiplyTransposed(q, state, rows, k, state, rows, state, queries, rows);
    toEnd.set(k);
    this.#decay = 1;
    for (let t = 0; t < size; t++) {
      const a = Math.exp(logA[token + t * heads]);
      this.#decay *= a;
      nextMaskRow(mask, t, a);
      for (let s = 0; s <= t; s++) {
        keys[t * rows + s] *= mask[s];
        queries[t * rows + s] *= mask[s];
      }
      for (let i = t * state; i < (t + 1) * state; i++) {
        k[i] *= this.#decay;
        q[i] *= this.#decay;
      }
    }
    for (let s = 0; s < size; s++) for (let i = s * state; i < (s + 1) * state; i++) toEnd[i] *= mask[s];
  }

  decayState(S: Float64Array): void {
    for (let i = 0; i < S.length; i++) S[i] *= this.#decay;
  }
}

/** One decay a key channel: keys decay token after token, and meet each token's key and query as they are then. */
class ChannelPairs implements Pairs {
  readonly keys: Float64Array;
  readonly queries: Float64Array;
  readonly toEnd: Float64Array;
  readonly #decays;
  readonly #a: Float64Array;
  readonly #fromStart: Float64Array;

  constructor(
    private readonly problem: Problem<GatedDelta>,
    inputs: Inputs<GatedDelta>,
    private readonly rows: number,
  ) {
    const { state } = problem.dims;
    [this.keys, this.queries] = [0, 1].map(() => new Float64Array(rows * rows));
    this.toEnd = new Float64Array(rows * state);
    [this.#a, this.#fromStart] = [0, 1].map(() => new Float64Array(state));
    this.#decays = decaysOf(problem, inputs);
  }

  make(q: Float64Array, k: Float64Array, token: number, size: number): void {
    const { rows, keys, queries, toEnd } = this;
    const { heads, state } = this.problem.dims;
    const fromStart = this.#fromStart;
    toEnd.set(k);
    fromStart.fill(1);
    for (let t = 0; t < size; t++) {
      const a = this.#a;
      this.#decays.read(token + t * heads, a);
      for (let s = 0; s <= t; s++) {
        let [byKey, byQuery] = [0, 0];
        for (let n = 0; n < state; n++) {
          const i = s * state + n;
          if (s < t) toEnd[i] = kept(toEnd[i] * a[n]);
          byKey += k[t * state + n] * toEnd[i];
          byQuery += q[t * state + n] * toEnd[i];
        }
        keys[t * rows + s] = byKey;
        queries[t * rows + s] = byQuery;
      }
      for (let n = 0; n < state; n++) fromStart[n] = kept(fromStart[n] * a[n]);
      for (let n = 0, i = t * state; n < state; n++, i++) {
        k[i] *= fromStart[n];
        q[i] *= fromStart[n];
      }
    }
  }

  decayState(S: Float64Array): void {
    const { state } = this.problem.dims;
    for (let i = 0; i < S.length; i++) S[i] *= this.#fromStart[i % state];
  }
}

/** Products below it are slow denormals soon after, and no float32 result can tell (floor of the bound). */
const NEGLIGIBLE = 1e-37;

function kept(product: number): number {
  return Math.abs(product) < NEGLIGIBLE ? 0 : product;
}
