/**
 * The roundings of a step that no chance is in (README.md of ssd, "Derivation (probable)"): that of the decay follows from the decay
 * alone, that of its product with the state from the leading digits of both. Where decays are near 1 they round alike for thousands of
 * tokens, so that their errors add up as n, not as sqrt(n). The references run them beside the state, for float32 rounded to nearest:
 *
 *   decays   <- a decays + (fl(a) - a) S
 *   products <- a products + fl(fl(a) fl(S)) - fl(a) fl(S)
 */
import { ROUNDOFF } from "../bound.js";

/** What float32 makes of one state's known roundings; arrays are of `state`. */
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

/** Sizes of both, in units of u; a form may make only one of the two roundings, so that neither makes good for the other. */
export function repeatedSize({ decays, products }: Repeated, n: number): number {
  const size = (Math.abs(decays[n]) + Math.abs(products[n])) / ROUNDOFF.f32;
  // not known: `boundAt` takes the certified count
  return Number.isNaN(size) ? Number.POSITIVE_INFINITY : size;
}
