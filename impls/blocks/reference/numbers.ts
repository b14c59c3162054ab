/** Numbers of one token that carry, beside their values, what roundings may have done to them (../README.md, "The bound"). */
import { type Bounds, emptyBounds } from "../../bound.js";
import type { Dtype } from "../../tensor.js";

/** Arrays of one length, a stage's numbers of one token. */
export interface Numbers {
  readonly value: Float64Array;
  /** E: units of u that errors add up to at most. */
  readonly certified: Float64Array;
  /** V: their variance, in units of u^2. */
  readonly squares: Float64Array;
  /** A: what one rounding to storage of every stage so far adds up to at most, in units of its roundoff. */
  readonly stored: Float64Array;
  /** W: the variance of those roundings, in units of the roundoff's square. */
  readonly storedSquares: Float64Array;
  /** P: units of u for each token of the form's longest sum. */
  readonly perSum: Float64Array;
}

const FIELDS = ["value", "certified", "squares", "stored", "storedSquares", "perSum"] as const;

function fieldsOf(make: (field: (typeof FIELDS)[number]) => Float64Array): Numbers {
  return {
    value: make("value"),
    certified: make("certified"),
    squares: make("squares"),
    stored: make("stored"),
    storedSquares: make("storedSquares"),
    perSum: make("perSum"),
  };
}

/** Zeros. */
export function numbers(length: number): Numbers {
  return fieldsOf(() => new Float64Array(length));
}

/** The same memory from `start` to `end`. */
export function part(of: Numbers, start: number, end: number): Numbers {
  return fieldsOf((field) => of[field].subarray(start, end));
}

export function copyNumbers(from: Numbers, to: Numbers): void {
  for (const field of FIELDS) to[field].set(from[field]);
}

export function clearNumbers(of: Numbers): void {
  for (const field of FIELDS) of[field].fill(0);
}

/** Euclidean norms of each kind over some numbers, as products and recurrences want them; of the variances their sums. */
export type Norms = { readonly [field in (typeof FIELDS)[number]]: number };

export function normsOf(of: Numbers, start = 0, end = of.value.length): Norms {
  const { squares, storedSquares } = of;
  let [walked, kept] = [0, 0];
  for (let i = start; i < end; i++) {
    walked += squares[i];
    kept += storedSquares[i];
  }
  return {
    value: norm(of.value, start, end),
    certified: norm(of.certified, start, end),
    squares: walked,
    stored: norm(of.stored, start, end),
    storedSquares: kept,
    perSum: norm(of.perSum, start, end),
  };
}

function norm(values: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/** No implementation accumulates more coarsely: where a slope depends on how far errors reach, they reach so far. */
export const COARSEST = 2 ** -22;

/**
 * Bounds of an output that is filled a token at a time. A stage below eta may be flushed to zero, which moves an output by eta times what
 * the same rounding of a number of size one does: `floors` of them.
 */
export class BlockBounds {
  readonly bounds: Bounds & Readonly<Record<"squares" | "storedSquares", Float64Array>>;

  constructor(
    length: number,
    private readonly dtype: Dtype,
    private readonly floors: number,
  ) {
    const array = () => new Float64Array(length);
    this.bounds = { ...emptyBounds(length), squares: array(), storedSquares: array() };
  }

  /** Puts numbers at an offset. */
  set(of: Numbers, offset: number): void {
    for (let i = 0; i < of.value.length; i++) this.copy(of, i, offset + i);
  }

  /** Puts one of some numbers at a place. */
  copy(of: Numbers, i: number, at: number): void {
    const { bounds } = this;
    const scale = of.stored[i];
    bounds.value[at] = of.value[i];
    bounds.scale[at] = scale;
    bounds.floor[at] = (this.dtype === "f16" ? 4 : this.floors) * (1 + scale);
    if (scale === 0) return;
    bounds.count[at] = of.certified[i] / scale;
    bounds.squares[at] = of.squares[i] / scale ** 2;
    bounds.storedSquares[at] = of.storedSquares[i] / scale ** 2;
    bounds.countPerSum[at] = of.perSum[i] / scale;
  }
}
