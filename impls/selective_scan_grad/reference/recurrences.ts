/**
 * The recurrences of one channel, forwards and backwards, each beside those of its errors (README.md, "The bound"). Arrays are of (state).
 *
 *   R_t = a_(t+1) R_(t+1) + dy_t C_t       what Y and finalState gain by s_t
 */
import { thereAndBack } from "../../recurrence/gradient-states.js";
import type { Channel, Step } from "./channel.js";

/** A state, itself on absolute values, its roundings so far, those for each token of the form's longest sum, and squares of the former. */
export type Errors = readonly [
  state: Float64Array,
  scale: Float64Array,
  count: Float64Array,
  perSum: Float64Array,
  squares: Float64Array,
];

export function noErrors(size: number): Errors {
  const array = () => new Float64Array(size);
  return [array(), array(), array(), array(), array()];
}

/** state <- state + u v. @param roundings of u v beside its own */
export function add([S, M, G, , Q]: Errors, u: number, v: Float64Array, roundings: number): void {
  for (let n = 0; n < v.length; n++) {
    const added = Math.abs(u * v[n]);
    S[n] += u * v[n];
    M[n] += added;
    G[n] += roundings * added;
    Q[n] += roundings * added;
  }
}

/** Roundings of a_n, relative to it. */
export function ageOf({ step, roundings }: Step, A: number): number {
  return 8 + (6 + roundings) * Math.abs(step * A);
}

/** Sum of the squares of those roundings: each of the step's is as large as the log decay. */
export function squaresOf({ step, roundings }: Step, A: number): number {
  return 8 + (6 + roundings) * (step * A) ** 2;
}

/** state <- a state. @returns the slowest decay */
export function decay([S, M, G, H, Q]: Errors, { steps, A, decays }: Channel, t: number): number {
  const step = steps[t];
  const row = decays(t);
  let slowest = 0;
  for (let n = 0; n < S.length; n++) {
    const a = row[n];
    slowest = Math.max(slowest, a);
    // a = 0 forgets everything; without this branch 0 * Infinity could follow
    G[n] = a === 0 ? 0 : a * (G[n] + ageOf(step, A[n]) * M[n]);
    H[n] = a === 0 ? 0 : a * (H[n] + Math.abs(step.step * A[n]) * M[n]);
    Q[n] = a === 0 ? 0 : a * (Q[n] + squaresOf(step, A[n]) * M[n]);
    S[n] *= a;
    M[n] *= a;
  }
  return slowest;
}

/**
 * Walks the tokens forwards, then backwards in segments whose states are computed again.
 * @param live the state before the first token, with its scale; changed
 * @param visit called for t from last to first, with the states before and after it
 */
export function walkBackwards(
  channel: Channel,
  live: Errors,
  segment: number,
  atEnd: (final: Errors) => void,
  visit: (t: number, before: Errors, after: Errors) => void,
): void {
  const { steps, x, B } = channel;
  const length = steps.length;
  const advance = (t: number) => {
    decay(live, channel, t);
    add(live, x[t], B.at(t), steps[t].roundings);
  };
  thereAndBack({ length, segment, live, advance, atEnd, visit });
}
