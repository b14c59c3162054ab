/** One channel's running state with what its roundings add up to, in length (README.md, "The bound"). */
import { productError } from "../../recurrence/repeated.js";
import { LONGEST_CHUNK } from "./settings.js";
import type { Token } from "./token.js";

export class Walk {
  readonly S: Float64Array;
  /** In units of u: what every form errs by, and what it errs by for each token of its longest sum. */
  error = 0;
  perSum = 0;
  /** The longest state so far, and the largest addition to it, both decayed since. */
  most: number;
  added = 0;
  /** The largest sum of a step's decays' roundings, decayed since: what a chunk's decays err by for each of its tokens. */
  decayed = 0;
  /** The largest |beta| |k|^2 so far, at least 1: what an inverse that is written down weighs a token's addition by. */
  steepest = 1;
  floor: number;
  /** Sum of |log decay| so far. */
  decaySum = 0;
  /** Roundings of decays that are known in advance, and of their products with the state. */
  readonly #decays: Float64Array;
  readonly #products: Float64Array;

  constructor(state: number, initial: ((n: number) => number) | undefined) {
    this.S = Float64Array.from({ length: state }, (_, n) => initial?.(n) ?? 0);
    [this.#decays, this.#products] = [new Float64Array(state), new Float64Array(state)];
    this.most = lengthOf(this.S);
    this.floor = 1 + this.most;
  }

  step(token: Token, v: number): void {
    const { S } = this;
    const { key, keyLength, beta, rho, largest } = token;
    // roundings of decays, of what the state holds and of what was added in a chunk
    this.error = largest * this.error + token.roundings * this.most;
    const sums = this.most + LONGEST_CHUNK * this.added;
    this.perSum = largest * this.perSum + token.roundings * this.added + token.logged * sums;
    this.decayed = rho * Math.max(largest * this.decayed, token.roundings * sums);
    this.#decay(token);

    const before = lengthOf(S);
    update(S, key, beta, v);
    update(this.#decays, key, beta, 0);
    update(this.#products, key, beta, 0);
    const addition = Math.abs(beta) * keyLength * (Math.abs(v) + keyLength * before);
    this.added = Math.max(rho * largest * this.added, addition);
    this.most = Math.max(rho * largest * this.most, lengthOf(S), this.added);
    this.steepest = Math.max(this.steepest, Math.abs(beta) * keyLength ** 2);

    // what is predicted errs by its own products, and what is added by that
    const state = S.length;
    const weight = Math.abs(beta) * keyLength;
    this.error =
      rho * this.error +
      weight * ((state + 8) * keyLength * this.most + 4 * Math.abs(v)) +
      8 * addition +
      9 * this.most;
    this.perSum = rho * this.perSum + weight * keyLength * this.inChunk(state + LONGEST_CHUNK + 8) + addition;
    this.floor = rho * largest * this.floor + (1 + weight) * (1 + Math.abs(v)) * (1 + keyLength) ** 2;
    this.decaySum += token.logSize;
  }

  /** What a sum over a chunk errs by for each of its tokens, of which each addition is made of so many roundings. */
  inChunk(roundings: number): number {
    return this.most + roundings * this.steepest * this.added + this.decayed;
  }

  /** Size of the roundings known in advance; a form may make only one of the two kinds, so that they do not make good for each other. */
  knownAt(n: number): number {
    return Math.abs(this.#decays[n]) + Math.abs(this.#products[n]);
  }

  #decay({ decay, decayError }: Token): void {
    const { S } = this;
    for (let n = 0; n < S.length; n++) {
      const a = decay[n];
      this.#decays[n] = a * this.#decays[n] + decayError[n] * S[n];
      this.#products[n] = a * this.#products[n] + productError(a + decayError[n], S[n]);
      S[n] *= a;
    }
  }
}

/** x <- x + beta (v - k'x) k */
function update(x: Float64Array, key: Float64Array, beta: number, v: number): void {
  let predicted = 0;
  for (let n = 0; n < x.length; n++) predicted += key[n] * x[n];
  const factor = beta * (v - predicted);
  for (let n = 0; n < x.length; n++) x[n] += factor * key[n];
}

function lengthOf(x: Float64Array): number {
  let square = 0;
  for (let n = 0; n < x.length; n++) square += x[n] * x[n];
  return Math.sqrt(square);
}
