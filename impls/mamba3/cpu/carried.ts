/** What a sequence starts from and hands on, on the host. */
import type { Inputs, Outputs, Problem } from "../../operator.js";
import { gatherRows } from "../../recurrence/host-matrix.js";
import type { Mamba3 } from "../operator.js";
import type { Trapezoid } from "./trapezoid.js";

/**
 * The state of head h of sequence b before the first token, with what that token will add of the one before it, whose key was turned in its
 * own time.
 */
export function firstState(
  { dims }: Problem<Mamba3>,
  { initialState, initialK, initialV }: Inputs<Mamba3>,
  { late }: Trapezoid,
  b: number,
  h: number,
  S: Float64Array,
): void {
  const { length, heads, headDim, state } = dims;
  if (!initialState || !initialK || !initialV) {
    S.fill(0);
    return;
  }
  const head = b * heads + h;
  gatherRows(initialState, head * headDim * state, state, headDim, state, S, state);
  const weight = late(b * length * heads + h);
  for (let p = 0; p < headDim; p++) {
    const x = weight * initialV[head * headDim + p];
    for (let n = 0; n < state; n++) S[p * state + n] += x * initialK[head * state + n];
  }
}

/** The last token's value, and its key, which lies in `K` from `at` on. */
export function storeLast(
  { dims }: Problem<Mamba3>,
  { V }: Inputs<Mamba3>,
  { finalK, finalV }: Outputs<Mamba3>,
  b: number,
  h: number,
  K: Float64Array,
  at: number,
): void {
  const { length, heads, headDim, state } = dims;
  const head = b * heads + h;
  finalK.set(K.subarray(at, at + state), head * state);
  const last = (((b + 1) * length - 1) * heads + h) * headDim;
  finalV.set(V.subarray(last, last + headDim), head * headDim);
}
