/**
 * One head of the map backward on numbers that carry their errors. R, the adjoint of the state, is a state too, which dy and C feed from
 * the end: both are the same recurrence, whose errors are norms over the state (impls/mamba2_block/reference/recurrence.ts).
 */

import {
  addProduct,
  asNumbers,
  KINDS,
  keep,
  round,
  type Sized,
  sized,
  slice,
} from "../../blocks/reference/gradients/sized.js";
import { type Numbers, numbers, part } from "../../blocks/reference/numbers.js";
import { type One, one } from "../../blocks/reference/steps.js";
import { HeadState, type Token } from "../../mamba2_block/reference/recurrence.js";

/** What a head is given at every token. */
export interface HeadTokens {
  readonly headDim: number;
  readonly state: number;
  readonly tokens: readonly Token[];
  /** (headDim) from `start` on. */
  readonly x: readonly Numbers[];
  readonly start: number;
  readonly begin: ((p: number, n: number) => number) | undefined;
}

/** What comes back at a token. */
export interface HeadBack {
  /** Of dt x and of the log decay. */
  readonly dx: Sized;
  readonly dl: Sized;
  /** Of B and C, (state). */
  readonly dB: Sized;
  readonly dC: Sized;
}

/** Roundings of a state's last steps, as HeadState has them. */
const OWN = 12;

/** A state as it was: values, and for each channel its size and each kind of error. */
interface Kept {
  readonly S: Float64Array;
  readonly sizes: Sized;
}

function kept(of: HeadState): Kept {
  const sizes = sized(of.headDim);
  keep(of.sizes, sizes, 0);
  for (let p = 0; p < of.headDim; p++) round(sizes, p, OWN, sizes.value[p]);
  return { S: of.S.slice(), sizes };
}

/** States in front of every token, and the one behind the last. @param see what a token's output is, before its skip */
export function walkForward(head: HeadTokens, see: (t: number, y: Numbers) => void): Kept[] {
  const state = new HeadState(head.headDim, head.state);
  state.begin(head.begin);
  const y = numbers(head.headDim);
  const states = [kept(state)];
  for (const [t, token] of head.tokens.entries()) {
    state.step(token, head.x[t], head.start, y);
    see(t, y);
    states.push(kept(state));
  }
  return states;
}

/** @param states those of `walkForward`. @param dy (tokens headDim). @returns the adjoint in front of the first token, times its decay */
export function walkBack(
  head: HeadTokens,
  states: readonly Kept[],
  dy: Sized,
  give: (t: number, back: HeadBack) => void,
): { readonly S: Float64Array; readonly sizes: Sized } {
  const { headDim, tokens, x, start } = head;
  const R = new HeadState(headDim, head.state);
  R.begin(undefined);
  const unit: One = { ...one(), value: 1 };
  const core = numbers(headDim);
  for (let t = tokens.length - 1; t >= 0; t--) {
    const { B, C, dt, l } = tokens[t];
    const d = slice(dy, t * headDim, headDim);
    R.step({ dt: unit, l: tokens[t + 1]?.l ?? one(), B: C, C: B }, asNumbers(d), 0, core);
    const dx = sized(headDim);
    keep(core, dx, 0);
    const adjoint = kept(R);
    const into = sized(headDim);
    for (let p = 0; p < headDim; p++)
      round(into, p, 1, addProduct(into, p, ofOne(dt), 0, ofNumber(x[t], start + p), 0));
    give(t, {
      dx,
      dl: decayBack(adjoint, states[t], l),
      dB: outer(adjoint, into, head.state),
      dC: outer(states[t + 1], d, head.state),
    });
  }
  R.step({ dt: unit, l: tokens[0].l, B: tokens[0].C, C: tokens[0].B }, numbers(headDim), 0, core);
  return kept(R);
}

/** a <R, S>, a = exp(l) */
function decayBack(R: Kept, S: Kept, l: One): Sized {
  const inner = sized(1);
  let [value, size] = [0, 0];
  for (let i = 0; i < R.S.length; i++) value += R.S[i] * S.S[i];
  const headDim = R.sizes.value.length;
  for (let p = 0; p < headDim; p++) size += addProduct(inner, 0, R.sizes, p, S.sizes, p);
  const a = Math.exp(l.value);
  const to = sized(1);
  to.value[0] = a * value;
  const moved = ofOne(l);
  for (let k = 0; k < KINDS; k++)
    to.errors[k][0] = a === 0 ? 0 : a * (inner.errors[k][0] + size * moved.errors[k][0]);
  // products, their sum, and the decay's own exponential
  round(to, 0, R.S.length + OWN + 8 + 5 * Math.abs(a === 0 ? 0 : l.value), a * size);
  return to;
}

/** sum_p S[p][n] d[p]: a channel's errors are norms over the state, whose numbers share a variance. */
function outer({ S, sizes }: Kept, d: Sized, state: number): Sized {
  const to = sized(state);
  const both = sized(1);
  const headDim = d.value.length;
  let size = 0;
  for (let p = 0; p < headDim; p++) {
    for (let n = 0; n < state; n++) to.value[n] += S[p * state + n] * d.value[p];
    size += addProduct(both, 0, sizes, p, d, p);
  }
  round(both, 0, headDim + OWN, size);
  for (let n = 0; n < state; n++)
    for (let k = 0; k < KINDS; k++)
      to.errors[k][n] = both.errors[k][0] / (k === 1 || k === 3 ? Math.sqrt(state) : 1);
  return to;
}

export function ofOne(of: One): Sized {
  const to = sized(1);
  to.value[0] = of.value;
  const { certified, squares, stored, storedSquares } = of;
  for (const [k, error] of [certified, Math.sqrt(squares), stored, Math.sqrt(storedSquares)].entries())
    to.errors[k][0] = error;
  return to;
}

export function ofNumber(of: Numbers, i: number): Sized {
  const to = sized(1);
  keep(part(of, i, i + 1), to, 0);
  return to;
}
