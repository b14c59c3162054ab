/** What silu(v) = v / (1 + e^-v) owes to roundings: its own, and those of an argument that was computed (README.md, "The bound"). */
import type { Bounds } from "../../bound.js";

/** No implementation accumulates more coarsely. */
const COARSEST = 2 ** -22;
/** The largest slope of silu, at 2.4. */
const STEEPEST = 1.1;

export function silu(v: number): number {
  return v / (1 + Math.exp(-v));
}

/**
 * Roundings of silu(v) in units of u, from an exact v: a few, and |v| of them through an exponential, as far as that is a part of
 * the denominator.
 */
export function siluRoundings(v: number): number {
  return 12 + (4 * Math.abs(v)) / (1 + Math.exp(v));
}

/**
 * From the bound of v to that of silu(v).
 * @param flushed what a flush of denormals to zero may cost, in units of eta
 */
export function siluBound(Y: Bounds, t: number, flushed: number): void {
  const v = Y.value[t];
  const sum = Y.count[t] * Y.scale[t];
  const slope = slopeUpTo(v + COARSEST * sum);
  const size = Math.abs(silu(v));
  const scale = slope * Y.scale[t] + size;
  Y.value[t] = silu(v);
  Y.count[t] = scale > 0 ? (slope * sum + size * siluRoundings(v)) / scale : 0;
  Y.scale[t] = scale;
  // below -87 the denominator overflows, or its inverse is flushed
  Y.floor[t] = STEEPEST * Y.floor[t] + (1 + Math.abs(v)) * flushed;
}

/** No slope of silu at v or left of it is larger: below 0 it is at most (1 + |v|) e^v, which grows with v. */
export function slopeUpTo(v: number): number {
  return v < 0 ? Math.min(STEEPEST, (1 - v) * Math.exp(v)) : STEEPEST;
}
