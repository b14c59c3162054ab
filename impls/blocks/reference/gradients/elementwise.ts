/** Slopes of a block's maps on numbers that carry their errors, and what comes back through them. */
import { siluRoundings, slopeUpTo } from "../../../causal_conv1d/reference/silu.js";
import { COARSEST } from "../numbers.js";
import { addProduct, KINDS, round, type Sized, sized } from "./sized.js";

/** Largest second derivative of silu, at 0. */
const SILU_BENDS = 0.5;

/** Errors of a slope: how much it bends times what its argument errs, and roundings of its own. */
function slopeFrom(x: Sized, i: number, value: number, bend: number, count: number, size: number): Sized {
  const to = sized(1);
  to.value[0] = value;
  for (let k = 0; k < KINDS; k++) to.errors[k][0] = bend * x.errors[k][i];
  if (count > 0) round(to, 0, count, size);
  return to;
}

export function sigmoid(v: number): number {
  return 1 / (1 + Math.exp(-v));
}

function siluSlope(x: Sized, i: number): Sized {
  const v = x.value[i];
  const [g, rest] = [sigmoid(v), sigmoid(-v)];
  return slopeFrom(x, i, g * (1 + v * rest), SILU_BENDS, 12 + 4 * Math.abs(v), g * (1 + Math.abs(v) * rest));
}

/** Where errors may reach over the corner, the slope may be either. */
function reluSlope(x: Sized, i: number): Sized {
  const v = x.value[i];
  const [certified, walk, stored] = x.errors;
  const reach = COARSEST * Math.min(certified[i], 4 * walk[i]) + 2 ** -24 * stored[i];
  const to = sized(1);
  to.value[0] = v > 0 ? 1 : 0;
  if (Math.abs(v) <= reach) for (let k = 0; k < 4; k++) to.errors[k][0] = 2 ** 50;
  return to;
}

function elu1Slope(x: Sized, i: number): Sized {
  const v = x.value[i];
  const slope = Math.exp(Math.min(v, 0));
  return slopeFrom(x, i, slope, v < 0 ? slope : 0, 4 + 4 * Math.abs(Math.min(v, 0)), slope);
}

/** By the names of features. */
export const SLOPES = {
  silu: siluSlope,
  identity: () => ONE,
  relu: reluSlope,
  elu1: elu1Slope,
} as const;

const ONE = sized(1);
ONE.value[0] = 1;

/** d[i] f'(x[j]) into to[l] */
export function backThrough(
  slope: (x: Sized, i: number) => Sized,
  d: Sized,
  i: number,
  x: Sized,
  j: number,
  to: Sized,
  l: number,
): void {
  const size = addProduct(to, l, d, i, slope(x, j), 0);
  round(to, l, 1, size);
}

/** silu of numbers that carry errors. */
function siluAt(z: Sized, i: number): Sized {
  const v = z.value[i];
  const y = v * sigmoid(v);
  const bend = slopeUpTo(v + COARSEST * z.errors[0][i]);
  return slopeFrom(z, i, y, bend, siluRoundings(v), Math.abs(y));
}

/** Of silu(gate[j]) up[i]: d[i] silu(gate) into dup[i], d[i] up silu'(gate) into dgate[l]. */
export function backThroughGate(
  d: Sized,
  up: Sized,
  i: number,
  gate: Sized,
  j: number,
  to: { readonly dup: Sized; readonly dgate: Sized; readonly at: number },
): void {
  round(to.dup, i, 1, addProduct(to.dup, i, d, i, siluAt(gate, j), 0));
  const both = sized(1);
  round(both, 0, 1, addProduct(both, 0, d, i, up, i));
  round(to.dgate, to.at, 1, addProduct(to.dgate, to.at, both, 0, siluSlope(gate, j), 0));
}

/** x[i] silu(gate[j]), with a rounding. */
export function gated(x: Sized, i: number, gate: Sized, j: number, to: Sized, l: number): void {
  round(to, l, 1, addProduct(to, l, x, i, siluAt(gate, j), 0));
}
