/**
 * The roundings of a step that no chance is in (README.md of ssd, "Derivation (probable)"): that of the decay follows from the decay
 * alone, that of its product with the state from the leading digits of both. Where decays are near 1 they round alike for thousands of
 * tokens, so that their errors add up as n, not as sqrt(n). The references run them beside the state, for float32 rounded to nearest:
 *
 *   decays   <- a decays + (fl(a) - a) S
 *   products <- a products + fl(fl(a) fl(S)) - fl(a) fl(S)
 */
import { ROUNDOFF } from "../bound.js";

/**
 * What float32 makes of known roundings; arrays are of `state`. A form may make only one of the two (a multiply-add rounds no product), so
 * that neither makes good for the other: their sizes add.
 */
export interface Repeated {
  readonly decays: Float64Array;
  /** Of a decay with the state. */
  readonly products: Float64Array;
}

export function nothingRepeated(state: number): Repeated {
  return { decays: new Float64Array(state), products: new Float64Array(state) };
}

/** What the product of a rounded decay with a state errs by; NaN where the state leaves the range of float32. */
export function productError(roundedDecay: number, state: number): number {
  const product = roundedDecay * Math.fround(state);
  return Math.fround(product) - product;
}

/** In units of u times the scale; where it is not known (NaN) infinitely many, and `boundAt` takes the certified count. */
export function repeatedUnits(size: number, scale: number): number {
  const units = scale > 0 ? size / scale / ROUNDOFF.f32 : 0;
  return Number.isNaN(units) ? Number.POSITIVE_INFINITY : units;
}
