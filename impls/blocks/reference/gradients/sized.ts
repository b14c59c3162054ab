/**
 * Numbers of all tokens that carry their errors on the way back (impls/blocks/README.md, "The bound, backward"). Kinds of errors are those
 * of `Numbers`, variances as roots: all five then pass a stage by the same rule, the size of its slope times what comes in.
 */
import { BlockBounds, type Numbers, numbers } from "../numbers.js";

/** certified, walk, stored, stored walk, per sum. */
export const KINDS = 5;
/** Those that are roots of variances. */
const WALKS = [1, 3];

export interface Sized {
  readonly value: Float64Array;
  /** An array for each kind. */
  readonly errors: readonly Float64Array[];
}

export function sized(length: number): Sized {
  return {
    value: new Float64Array(length),
    errors: Array.from({ length: KINDS }, () => new Float64Array(length)),
  };
}

const FIELDS = ["certified", "squares", "stored", "storedSquares", "perSum"] as const;

/** Puts numbers of the way forward at a place. */
export function keep(from: Numbers, to: Sized, offset: number): void {
  to.value.set(from.value, offset);
  for (const [k, field] of FIELDS.entries())
    for (let i = 0; i < from.value.length; i++)
      to.errors[k][offset + i] = WALKS.includes(k) ? Math.sqrt(from[field][i]) : from[field][i];
}

/** The same memory from `start` on. */
export function slice(of: Sized, start: number, length: number): Sized {
  const cut = (values: Float64Array) => values.subarray(start, start + length);
  return { value: cut(of.value), errors: of.errors.map(cut) };
}

/** Some of them as numbers of the way forward. */
export function asNumbers(of: Sized, start = 0, length = of.value.length): Numbers {
  const to = numbers(length);
  to.value.set(of.value.subarray(start, start + length));
  for (const [k, field] of FIELDS.entries())
    for (let i = 0; i < length; i++) {
      const error = of.errors[k][start + i];
      to[field][i] = WALKS.includes(k) ? error * error : error;
    }
  return to;
}

/** Roundings of the stage itself, each of that size, and one to storage. */
export function round(of: Sized, i: number, count: number, size: number): void {
  const [certified, walk, stored, storedWalk] = of.errors;
  certified[i] += count * size;
  walk[i] = Math.hypot(walk[i], Math.sqrt(count) * size);
  stored[i] += size;
  storedWalk[i] = Math.hypot(storedWalk[i], size);
}

/** to[i] += c from[j] for an exact c */
export function addScaled(to: Sized, i: number, c: number, from: Sized, j: number): void {
  const size = Math.abs(c);
  to.value[i] += c * from.value[j];
  for (let k = 0; k < KINDS; k++) to.errors[k][i] += size * from.errors[k][j];
}

/** to[i] += a[j] b[l] without a rounding. @returns the size of what was added */
export function addProduct(to: Sized, i: number, a: Sized, j: number, b: Sized, l: number): number {
  const [x, y] = [a.value[j], b.value[l]];
  const [absX, absY] = [Math.abs(x), Math.abs(y)];
  to.value[i] += x * y;
  for (let k = 0; k < KINDS; k++) to.errors[k][i] += absX * b.errors[k][l] + absY * a.errors[k][j];
  return absX * absY;
}

/** Euclidean norm of some of them, and of each kind of their errors. */
export interface SizedNorm {
  readonly value: number;
  readonly errors: readonly number[];
}

/** @param stride from each to the next */
export function normOf(of: Sized, start: number, count: number, stride = 1): SizedNorm {
  const norm = (values: Float64Array) => {
    let sum = 0;
    for (let i = 0, at = start; i < count; i++, at += stride) sum += values[at] * values[at];
    return Math.sqrt(sum);
  };
  return { value: norm(of.value), errors: of.errors.map(norm) };
}

/** As bounds of an output. @param tokens of all sequences */
export function boundsOf(of: Sized, tokens: number) {
  const to = new BlockBounds(of.value.length, "f32", 1e6 * tokens);
  to.set(asNumbers(of), 0);
  return to.bounds;
}
