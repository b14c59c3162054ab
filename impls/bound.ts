/**
 * From roundings to bounds. A reference gives for each element its value, its error scale (the same sum on absolute values) and
 * how many roundings the longest chain behind it makes; an implementation says what it rounds to. Together they give the bound.
 *
 *   certified = u (count + R countPerSum) scale + k v scale + floor      a correct implementation never exceeds it
 *   probable  = the same with each count n replaced by 3 sqrt(n)         random inputs stay within it
 *
 * Roundings that are not all of size u * scale (logits in the hundreds, a transform that spreads its errors) bring the sum of their
 * squares along; the random walk goes by that: probable = 3 u sqrt(squares + R countPerSum) scale + ... Roundings that are known in
 * advance are no walk (decays near 1 round alike): what they add up to stands beside it, `repeated`.
 *
 * Derivations: the README of each operator. Notation: numerics in CONTRIBUTING.md.
 */
import { lostBy, type MatrixUnit } from "./matrix-unit.js";
import type { Dtype } from "./tensor.js";

/** What an implementation declares about its own arithmetic. */
export interface Rounding {
  /** Roundoff of the accumulation: 2^-24 for f32 with round to nearest, 2^-23 where either direction is allowed (WGSL). */
  readonly accumulate: number;
  /** Roundoff of storage: 0 when stored in the accumulation's type, 2^-11 for f16, 2^-8 for bf16. */
  readonly storage: number;
  /** Number k of roundings to storage between input and output. */
  readonly roundings: number;
  /** Longest sum over tokens that the form makes: recurrent 0, chunked the chunk length, quadratic the length. */
  readonly longestSum: number;
  /** prefix: decays from differences of running sums over `longestSum` tokens, as the official code; loses digits. */
  readonly decay: "segsum" | "prefix";
  /** Products are summed on a matrix unit; absent where each is rounded to nearest. */
  readonly products?: ProductSums;
  /** Sums over tokens go through a Fourier transform, where the operator has other forms that do not: it errs normwise. */
  readonly transform?: true;
}

export interface ProductSums {
  readonly unit: MatrixUnit;
  /** Products of the shortest sum over channels. */
  readonly terms: number;
}

/** Rounding of a form that keeps everything in f32. */
export function f32Rounding(longestSum: number): Rounding {
  return { accumulate: 2 ** -24, storage: 0, roundings: 0, longestSum, decay: "segsum" };
}

/**
 * Rounding of a form in plain JavaScript: numbers are float64 until they are stored as float32. 2^-49 instead of 2^-53 leaves room
 * for products of two storage roundings, which a first-order count omits.
 * @param stored how often a result is stored and read again on its way, at least 1
 */
export function hostRounding(longestSum: number, stored: number): Rounding {
  return { accumulate: 2 ** -49, storage: 2 ** -24, roundings: stored, longestSum, decay: "segsum" };
}

/** Per element of one lane of one output, all but `allDecays` of the same length. */
export interface Bounds {
  readonly value: Float64Array;
  /** The value's sum on absolute terms; errors are proportional to it. */
  readonly scale: Float64Array;
  /** Roundings in units of u * scale that every form makes. */
  readonly count: Float64Array;
  /** Further roundings in units of u * scale for each token of the form's longest sum. */
  readonly countPerSum: Float64Array;
  /** Sum of the squares of the `count` roundings, each in units of u * scale; absent where all are of size one (then it is `count`). */
  readonly squares?: Float64Array;
  /** What the roundings that follow from the inputs alone add up to, signs and all, in units of u * scale; absent where there are none. */
  readonly repeated?: Float64Array;
  /** How many of the `count` roundings sums of products may make on a matrix unit; absent: all. */
  readonly products?: Float64Array;
  /** Of a chain of stages: sum of the squares of what one storage rounding of each does, in units of v * scale; absent for one stage. */
  readonly storedSquares?: Float64Array;
  /** Tokens that the element sums over: no form's sum can be longer. Absent where that is not known. */
  readonly tokens?: Float64Array;
  /** Magnitudes that are multiplied by eta: below it a state may be flushed to zero. */
  readonly floor: Float64Array;
  /** Running sum of |log decay| through this element, where the operator decays and elements are tokens. */
  readonly decaySum?: Float64Array;
  /** The same over all tokens, for elements of a state behind them. */
  readonly allDecays?: Float64Array;
  /** What a form whose rounding says `transform` errs beside all that, in units of u alone: the size of its lane, not of the element. */
  readonly transformed?: Float64Array;
  /** Sum of the squares of those errors. */
  readonly transformedSquares?: Float64Array;
  /** Errors that the operator itself allows, in whatever type a form accumulates: added to both bounds as they are. */
  readonly promised?: Float64Array;
  /** Of a value on a circle (an angle): so much makes no difference. */
  readonly period?: Float64Array;
}

/** How far a computed element is from its value; the shorter way round where it lies on a circle. */
export function errorAt({ value, period }: Pick<Bounds, "value" | "period">, i: number, got: number): number {
  const error = Math.abs(got - value[i]);
  return period ? Math.min(error, Math.abs(period[i] - error)) : error;
}

export function emptyBounds(length: number): Bounds;
export function emptyBounds(length: number, decays: true): Bounds & { readonly decaySum: Float64Array };
export function emptyBounds(length: number, decays = false): Bounds {
  // no helper function here: lanes are many
  const bounds = {
    value: new Float64Array(length),
    scale: new Float64Array(length),
    count: new Float64Array(length),
    countPerSum: new Float64Array(length),
    floor: new Float64Array(length),
  };
  if (!decays) return bounds;
  return {
    ...bounds,
    decaySum: new Float64Array(length),
    products: new Float64Array(length),
    repeated: new Float64Array(length),
  };
}

/** Smallest magnitude that counts: f32 states below it may be flushed (denormals are slow), f16 storage rounds at 2^-24. */
function eta(rounding: Rounding): number {
  return rounding.storage === 2 ** -11 ? 2 ** -24 : 1e-25;
}

export interface ElementBound {
  readonly certified: number;
  readonly probable: number;
  /** u * scale, the unit of `error_u` and `bound_u` in a row; u is at least that of f32, in which every engine reports. */
  readonly unit: number;
}

/** Bound of element i for an implementation that rounds as declared. */
export function boundAt(bounds: Bounds, i: number, rounding: Rounding): ElementBound {
  const scale = bounds.scale[i];
  const roundoff = rounding.accumulate * scale;
  const longestSum = Math.min(rounding.longestSum, bounds.tokens?.[i] ?? Number.POSITIVE_INFINITY);
  const onUnit = sumsOnUnit((bounds.products ?? bounds.count)[i], longestSum, rounding);
  const further = longestSum * bounds.countPerSum[i] + prefixCount(bounds, i, rounding) + onUnit.more;
  const known = (bounds.repeated?.[i] ?? 0) + onUnit.drift;
  const count = bounds.count[i] + further;
  const squares = (bounds.squares ?? bounds.count)[i] + further;
  const stored = rounding.roundings * rounding.storage * scale;
  const walk = bounds.storedSquares ? 3 * Math.sqrt(bounds.storedSquares[i] / rounding.roundings) : 1;
  const rest = eta(rounding) * bounds.floor[i] + (bounds.promised?.[i] ?? 0);
  const transformed = (rounding.transform && bounds.transformed?.[i]) || 0;
  const walked = (rounding.transform && Math.sqrt(bounds.transformedSquares?.[i] ?? 0)) || 0;
  return {
    certified: roundoff * count + rounding.accumulate * transformed + stored + rest,
    probable:
      roundoff * Math.min(count, known + 3 * Math.sqrt(squares)) +
      rounding.accumulate * Math.min(transformed, 3 * walked) +
      (stored > 0 ? stored * Math.min(1, walk) : 0) +
      rest,
    unit: Math.max(rounding.accumulate, ROUNDOFF.f32) * (scale + walked),
  };
}

/**
 * What a matrix unit errs by beside one rounding a product, and the mean of all that it cuts off, which has one sign and adds up.
 * @param products roundings of sums over channels
 */
function sumsOnUnit(
  products: number,
  longestSum: number,
  rounding: Rounding,
): { more: number; drift: number } {
  if (!rounding.products) return { more: 0, drift: 0 };
  const { unit, terms } = rounding.products;
  const inRoundings = (products: number) => (lostBy(unit, products) * 2 ** -unit.bits) / rounding.accumulate;
  const perProduct = inRoundings(terms) / terms;
  const overTokens = inRoundings(longestSum);
  return {
    more: products * Math.max(0, perProduct - 1) + Math.max(0, overTokens - longestSum),
    drift: (products * perProduct + overTokens) / 2,
  };
}

/** 2 R sum |logA| over one chunk, the worst of those behind element i: what differences of running sums may lose. */
function prefixCount({ decaySum, allDecays }: Bounds, i: number, { decay, longestSum }: Rounding): number {
  const sums = decaySum ?? allDecays;
  if (decay !== "prefix" || !sums || longestSum === 0) return 0;
  const chunk = Math.floor((decaySum ? i : sums.length - 1) / longestSum);
  return 2 * longestSum * worstChunks(sums, longestSum)[chunk];
}

/** By the sums, for the chunk length that was asked for last. */
const worst = new WeakMap<Float64Array, { readonly chunk: number; readonly upTo: Float64Array }>();

/** The largest sum of |logA| over one chunk, of each chunk and those before it. */
function worstChunks(sums: Float64Array, chunk: number): Float64Array {
  const known = worst.get(sums);
  if (known?.chunk === chunk) return known.upTo;
  const upTo = new Float64Array(Math.ceil(sums.length / chunk));
  for (let c = 0; c < upTo.length; c++) {
    const own = sums[Math.min((c + 1) * chunk, sums.length) - 1] - (c > 0 ? sums[c * chunk - 1] : 0);
    upTo[c] = Math.max(own, c > 0 ? upTo[c - 1] : 0);
  }
  worst.set(sums, { chunk, upTo });
  return upTo;
}

/** Roundoff u of a dtype. */
export const ROUNDOFF: Readonly<Record<Dtype, number>> = {
  f64: 2 ** -53,
  f32: 2 ** -24,
  f16: 2 ** -11,
  bf16: 2 ** -8,
};
