/** Sums of products as a matrix unit makes them (engines/README.md, "Matrix units"), in f32 or in fewer bits. */
import type { MatrixUnit } from "../../impls/matrix-unit.js";
import { type Arithmetic, nearest } from "./arithmetic.js";

/** x without what lies below `unit`, a power of two. */
function cut(x: number, unit: number): number {
  return Math.trunc(x / unit) * unit;
}

/** The power of two at or below |x|; 0 of 0. */
function exponent(x: number): number {
  let power = 2 ** Math.floor(Math.log2(Math.abs(x)));
  if (power > Math.abs(x)) power /= 2;
  return 2 * power <= Math.abs(x) ? 2 * power : power;
}

/** Toward zero, to `bits` bits. */
export function cutTo(bits: number, x: number): number {
  return x === 0 ? 0 : cut(x, exponent(x) * 2 ** (1 - bits));
}

/** A factor in TF32: what is below its ten bits behind the first is cut off. */
export const tf32 = (x: number) => cutTo(11, x);

/**
 * One step: the running sum and at most `block` exact products.
 * @param powers the powers of two of the products, as the unit sees them: those of their factors, multiplied
 */
export function step(
  { bits, guardBits }: MatrixUnit,
  start: number,
  products: readonly number[],
  powers: readonly number[] = products.map(exponent),
): number {
  const largest = Math.max(exponent(start), ...powers);
  if (largest === 0) return 0;
  const last = largest * 2 ** (1 - bits - guardBits);
  const total = [start, ...products].reduce((sum, term) => sum + cut(term, last), 0);
  return cutTo(bits, total);
}

/** As `nearest`, but that sums of products are those of a matrix unit; their factors must have no more than half of float64's bits. */
export function onMatrixUnit(unit: MatrixUnit): Arithmetic {
  return {
    ...nearest(unit.bits),
    products(count, left, right, start = 0) {
      let total = start;
      for (let first = 0; first < count; first += unit.block) {
        const size = Math.min(unit.block, count - first);
        const factors = Array.from({ length: size }, (_, i) => [left(first + i), right(first + i)] as const);
        const products = factors.map(([a, b]) => a * b);
        const powers = factors.map(([a, b]) => exponent(a) * exponent(b));
        total = step(unit, total, products, powers);
      }
      return total;
    },
  };
}
