/**
 * One channel of the scan backward on numbers that carry their errors. Its adjoint R is a state too, which dy and C feed from the end: both
 * are the same recurrence (impls/mamba1_block/reference/channel.ts), number by number.
 */
import {
  addProduct,
  addScaled,
  KINDS,
  keep,
  round,
  type Sized,
  sized,
} from "../../blocks/reference/gradients/sized.js";
import { type Numbers, numbers } from "../../blocks/reference/numbers.js";
import { grown, logDecayFrom, type One, one } from "../../blocks/reference/steps.js";
import { ChannelState } from "../../mamba1_block/reference/channel.js";

/** What a channel is given at every token. */
export interface ChannelTokens {
  readonly ALog: Float64Array;
  readonly dt: readonly One[];
  /** dt x */
  readonly into: readonly One[];
  /** B and C side by side, from `first` on. */
  readonly rows: readonly Numbers[];
  readonly first: number;
}

/** What comes back at a token: of dt x, of A dt for each number of the state, of B and of C. */
export interface ChannelBack {
  readonly dx: Sized;
  readonly dl: Sized;
  readonly dB: Sized;
  readonly dC: Sized;
}

/** Roundings of a state's last steps, as ChannelState has them. */
const OWN = 14;

/** Values of a state with all that they carry, and their sizes on absolute terms. */
interface Kept {
  readonly of: Sized;
  readonly sizes: Float64Array;
}

function kept({ S, sizes }: ChannelState): Kept {
  const of = sized(S.length);
  keep(sizes, of, 0);
  for (let n = 0; n < S.length; n++) round(of, n, OWN, sizes.value[n]);
  of.value.set(S);
  return { of, sizes: sizes.value.slice() };
}

/** States in front of every token, and the one behind the last. @param see what comes out of a token */
export function walkForward(channel: ChannelTokens, see: (t: number, y: Numbers) => void): Kept[] {
  const { ALog, dt, into, rows, first } = channel;
  const state = new ChannelState(ALog);
  state.begin(undefined);
  const y = numbers(1);
  const states = [kept(state)];
  for (let t = 0; t < dt.length; t++) {
    state.advance(dt[t], into[t], rows[t], { B: first, C: first + ALog.length }, y, 0);
    see(t, y);
    states.push(kept(state));
  }
  return states;
}

/** @param dy of each token */
export function walkBack(
  channel: ChannelTokens,
  states: readonly Kept[],
  dy: readonly One[],
  give: (t: number, back: ChannelBack) => void,
): void {
  const { ALog, dt, into, rows, first } = channel;
  const R = new ChannelState(ALog);
  R.begin(undefined);
  const core = numbers(1);
  for (let t = dt.length - 1; t >= 0; t--) {
    R.advance(dt[t + 1] ?? one(), dy[t], rows[t], { B: first + ALog.length, C: first }, core, 0);
    const dx = sized(1);
    keep(core, dx, 0);
    const adjoint = kept(R);
    give(t, {
      dx,
      dl: decaysBack(channel, adjoint, states[t], dt[t]),
      dB: times(adjoint, into[t]),
      dC: times(states[t + 1], dy[t]),
    });
  }
}

/** a R S for each number of the state. */
function decaysBack({ ALog }: ChannelTokens, R: Kept, S: Kept, dt: One): Sized {
  const to = sized(ALog.length);
  const l = one();
  for (let n = 0; n < ALog.length; n++) {
    logDecayFrom(dt, ALog[n], Math.exp(ALog[n]), l);
    const a = Math.exp(l.value);
    const size = R.sizes[n] * S.sizes[n];
    const product = sized(1);
    addProduct(product, 0, R.of, n, S.of, n);
    addScaled(to, n, a, product, 0);
    const moved = [grown(l.certified, a), Math.sqrt(l.squares), l.stored, Math.sqrt(l.storedSquares), 0];
    for (let k = 0; k < KINDS; k++) to.errors[k][n] += a === 0 ? 0 : a * size * moved[k];
    round(to, n, OWN + 8 + 6 * Math.abs(a === 0 ? 0 : l.value), a * size);
  }
  return to;
}

/** Each number of a state times one other. */
function times({ of, sizes }: Kept, by: One): Sized {
  const to = sized(sizes.length);
  const factor = ofOne(by);
  for (let n = 0; n < sizes.length; n++) {
    addProduct(to, n, of, n, factor, 0);
    round(to, n, 2, sizes[n] * Math.abs(by.value));
  }
  return to;
}

export function ofOne({ value, certified, squares, stored, storedSquares }: One): Sized {
  const to = sized(1);
  to.value[0] = value;
  for (const [k, error] of [certified, Math.sqrt(squares), stored, Math.sqrt(storedSquares)].entries())
    to.errors[k][0] = error;
  return to;
}

/** One of some numbers, without what grows with a form's sums. */
export function asOne(of: Sized, i: number): One {
  const [certified, walk, stored, storedWalk] = of.errors.map((errors) => errors[i]);
  return { value: of.value[i], certified, squares: walk ** 2, stored, storedSquares: storedWalk ** 2 };
}
