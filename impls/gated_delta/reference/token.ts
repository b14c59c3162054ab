/** What all channels of a head share at one token: its key, query and step, its decays, and what these make of roundings. */
import type { Problem } from "../../operator.js";
import type { Reader } from "../../tensor.js";
import { hasChannelDecays } from "./settings.js";

export class Token {
  readonly key: Float64Array;
  readonly query: Float64Array;
  /** Of each key channel. */
  readonly decay: Float64Array;
  /** What float32 makes of a decay, less the decay. */
  readonly decayError: Float64Array;
  beta = 0;
  keyLength = 0;
  queryLength = 0;
  /** The largest decay. */
  largest = 0;
  /** The largest of 8 + 5 |log decay|, and of |log decay|, times the decay. */
  roundings = 0;
  logged = 0;
  /** The largest finite |log decay|. */
  logSize = 0;
  /** The most that I - beta k k' makes of a length, at least 1. */
  rho = 1;

  readonly #Q: Reader;
  readonly #K: Reader;
  readonly #logA: Reader;
  readonly #beta: Reader;
  readonly #perChannel: boolean;

  constructor(
    problem: Problem,
    read: (name: string) => Reader | undefined,
    private readonly head: number,
    private readonly group: number,
  ) {
    [this.#Q, this.#K, this.#logA, this.#beta] = ["Q", "K", "logA", "beta"].map((name) => read(name)!);
    const array = () => new Float64Array(problem.dims.state);
    [this.key, this.query, this.decay, this.decayError] = [array(), array(), array(), array()];
    this.#perChannel = hasChannelDecays(problem);
  }

  /** @param row place in (batch, length) */
  read(row: number): void {
    const { key, query, decay, decayError, head, group } = this;
    const state = key.length;
    this.beta = this.#beta.at(row, head);
    [this.largest, this.roundings, this.logged, this.logSize] = [0, 0, 0, 0];
    let [keySquare, querySquare] = [0, 0];
    for (let n = 0; n < state; n++) {
      key[n] = this.#K.at(row, group * state + n);
      query[n] = this.#Q.at(row, group * state + n);
      keySquare += key[n] ** 2;
      querySquare += query[n] ** 2;
      if (n === 0 || this.#perChannel)
        this.#decayOf(n, this.#logA.at(row, this.#perChannel ? head * state + n : head));
      else [decay[n], decayError[n]] = [decay[0], decayError[0]];
    }
    this.keyLength = Math.sqrt(keySquare);
    this.queryLength = Math.sqrt(querySquare);
    this.rho = Math.max(1, Math.abs(1 - this.beta * keySquare));
  }

  #decayOf(n: number, log: number): void {
    const a = Math.exp(log);
    const size = Math.abs(log);
    this.decay[n] = a;
    this.decayError[n] = Math.fround(a) - a;
    this.largest = Math.max(this.largest, a);
    // a = 0 forgets everything; without this 0 * Infinity would follow from logA = -Infinity
    if (a === 0) return;
    this.roundings = Math.max(this.roundings, (8 + 5 * size) * a);
    this.logged = Math.max(this.logged, size * a);
    this.logSize = Math.max(this.logSize, size);
  }
}
