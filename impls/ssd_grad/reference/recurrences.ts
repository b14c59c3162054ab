/**
 * The recurrences of one head, forwards and backwards, each beside those of its errors (README.md, "The bound"). Arrays are of
 * (headDim, state). S, M, G, H are those of impls/ssd/reference.ts; R, M*, G*, H* the same on the cotangents, from the end:
 *
 *   R_t = a_(t+1) R_(t+1) + dy_t C_t^T       what Y and finalState gain by S_t
 */
import { thereAndBack } from "../../recurrence/gradient-states.js";
import type { Head, Step } from "./head.js";

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

/** state <- a state + u v^T. @param roundings of u v^T beside its own */
export function addOuter(
  [S, M, G, , Q]: Errors,
  u: Float64Array,
  v: Float64Array,
  roundings: number | ((p: number) => number),
): void {
  const state = v.length;
  for (let p = 0, i = 0; p < u.length; p++) {
    const own = typeof roundings === "number" ? roundings : roundings(p);
    for (let n = 0; n < state; n++, i++) {
      const term = u[p] * v[n];
      const added = Math.abs(term);
      S[i] += term;
      M[i] += added;
      G[i] += own * added;
      Q[i] += own * added;
    }
  }
}

/** state <- a state. */
export function decay([S, M, G, H, Q]: Errors, { a, absL, ofLog }: Step): void {
  const age = a === 0 ? 0 : 8 + (5 + ofLog) * absL;
  // each of the step's roundings is as large as the log decay
  const squares = a === 0 ? 0 : 8 + (5 + ofLog) * absL ** 2;
  for (let i = 0; i < S.length; i++) {
    G[i] = a * (G[i] + age * M[i]);
    H[i] = a * (H[i] + absL * M[i]);
    Q[i] = a * (Q[i] + squares * M[i]);
    S[i] *= a;
    M[i] *= a;
  }
}

/**
 * Walks the tokens forwards, then backwards in segments whose states are computed again.
 * @param initial the state before the first token, with its scale
 * @param visit called for t from last to first, with the states before and after it
 * @returns the state after the last token
 */
export function walkBackwards(
  head: Head,
  initial: Errors,
  segment: number,
  atEnd: (final: Errors) => void,
  visit: (t: number, before: Errors, after: Errors) => void,
): void {
  const length = head.steps.length;
  const live = initial;
  const headDim = head.x.length / length;
  const state = head.B.length / length;
  const advance = (t: number) => {
    const step = head.steps[t];
    decay(live, step);
    addOuter(
      live,
      head.x.subarray(t * headDim, (t + 1) * headDim),
      head.B.subarray(t * state, (t + 1) * state),
      step.roundings,
    );
  };
  thereAndBack({ length, segment, live, advance, atEnd, visit });
}
