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
  /** P: units of u for each token of the form's longest sum. */
  readonly perSum: Float64Array;
}

const FIELDS = ["value", "certified", "squares", "stored", "perSum"] as const;

/** Zeros. */
export function numbers(length: number): Numbers {
  const array = () => new Float64Array(length);
  return { value: array(), certified: array(), squares: array(), stored: array(), perSum: array() };
}

/** The same memory from `start` to `end`. */
export function part(of: Numbers, start: number, end: number): Numbers {
  const view = (field: (typeof FIELDS)[number]) => of[field].subarray(start, end);
  return {
    value: view("value"),
    certified: view("certified"),
    squares: view("squares"),
    stored: view("stored"),
    perSum: view("perSum"),
  };
}

export function copyNumbers(from: Numbers, to: Numbers): void {
  for (const field of FIELDS) to[field].set(from[field]);
}

export function clearNumbers(of: Numbers): void {
  for (const field of FIELDS) of[field].fill(0);
}

/** Euclidean norms of each kind over some numbers, as products and recurrences want them. */
export interface Norms {
  readonly value: number;
  readonly certified: number;
  /** Of the variances: their sum. */
  readonly squares: number;
  readonly stored: number;
  readonly perSum: number;
}

export function normsOf(of: Numbers, start = 0, end = of.value.length): Norms {
  let [value, certified, squares, stored, perSum] = [0, 0, 0, 0, 0];
  for (let i = start; i < end; i++) {
    value += of.value[i] ** 2;
    certified += of.certified[i] ** 2;
    squares += of.squares[i];
    stored += of.stored[i] ** 2;
    perSum += of.perSum[i] ** 2;
  }
  const [size, errors, kept, sums] = [value, certified, stored, perSum].map(Math.sqrt);
  return { value: size, certified: errors, squares, stored: kept, perSum: sums };
}

/** No implementation accumulates more coarsely: where a slope depends on how far errors reach, they reach so far. */
export const COARSEST = 2 ** -22;

/**
 * Bounds of an output that is filled a token at a time. A stage below eta may be flushed to zero, which moves an output by eta times what
 * the same rounding of a number of size one does: `floors` of them.
 */
export class BlockBounds {
  readonly bounds: Bounds & { readonly squares: Float64Array };

  constructor(
    length: number,
    private readonly dtype: Dtype,
    private readonly floors: number,
  ) {
    this.bounds = { ...emptyBounds(length), squares: new Float64Array(length) };
  }

  /** Puts numbers at an offset. */
  set(of: Numbers, offset: number): void {
    for (let i = 0; i < of.value.length; i++) this.copy(of, i, offset + i);
  }

  /** Puts one of some numbers at a place. */
  copy(of: Numbers, i: number, at: number): void {
    this.put(at, of.value[i], of.certified[i], of.squares[i], of.stored[i], of.perSum[i]);
  }

  put(at: number, value: number, certified: number, squares: number, stored: number, perSum: number): void {
    const { bounds } = this;
    bounds.value[at] = value;
    bounds.scale[at] = stored;
    bounds.count[at] = stored > 0 ? certified / stored : 0;
    bounds.squares[at] = stored > 0 ? squares / stored ** 2 : 0;
    bounds.countPerSum[at] = stored > 0 ? perSum / stored : 0;
    bounds.floor[at] = (this.dtype === "f16" ? 4 : this.floors) * (1 + stored);
  }
}
