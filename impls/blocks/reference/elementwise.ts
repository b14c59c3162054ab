/** Maps of single numbers that carry their errors: a slope for what they bring, and their own roundings (../README.md, "The bound"). */
import { silu, siluRoundings, slopeUpTo } from "../../causal_conv1d/reference/silu.js";
import { COARSEST, type Numbers } from "./numbers.js";

/** v <- silu(v) in place. */
export function siluOf(of: Numbers): void {
  for (let i = 0; i < of.value.length; i++) {
    const v = of.value[i];
    const slope = slopeUpTo(v + COARSEST * of.certified[i]);
    const y = silu(v);
    const own = siluRoundings(v);
    mapAt(of, i, y, slope, own);
  }
}

/** v <- max(v, 0) in place. */
export function reluOf(of: Numbers): void {
  for (let i = 0; i < of.value.length; i++) {
    const v = of.value[i];
    const slope = v < -COARSEST * of.certified[i] ? 0 : 1;
    mapAt(of, i, Math.max(v, 0), slope, 0);
  }
}

/** v <- elu(v) + 1 in place: e^v below 0, v + 1 from there on. */
export function elu1Of(of: Numbers): void {
  for (let i = 0; i < of.value.length; i++) {
    const v = of.value[i];
    const slope = Math.min(1, Math.exp(v + COARSEST * of.certified[i]));
    // e^v - 1 and 1 are added where a form takes elu from a library: the roundings are those of 1
    mapAt(of, i, v < 0 ? Math.exp(v) : v + 1, slope, 4 + 4 * Math.abs(v), 1);
  }
}

/** @param own roundings of the map itself, each of the size of its value and `beside` */
function mapAt(of: Numbers, i: number, y: number, slope: number, own: number, beside = 0): void {
  const size = Math.abs(y) + beside;
  of.value[i] = y;
  of.certified[i] = slope * of.certified[i] + own * size;
  of.squares[i] = slope * slope * of.squares[i] + own * size * size;
  of.stored[i] = slope * of.stored[i] + size;
  of.storedSquares[i] = slope * slope * of.storedSquares[i] + size * size;
  of.perSum[i] *= slope;
}

/** y <- y silu(z) in place, in the numbers of `y`. */
export function gateBy(y: Numbers, z: Numbers): void {
  for (let i = 0; i < y.value.length; i++) {
    const v = z.value[i];
    const s = silu(v);
    const slope = slopeUpTo(v + COARSEST * z.certified[i]);
    const own = siluRoundings(v) + 1;
    const [value, size] = [y.value[i], Math.abs(s)];
    const through = Math.abs(value) * slope;
    y.value[i] = value * s;
    const product = Math.abs(y.value[i]);
    y.certified[i] = size * y.certified[i] + through * z.certified[i] + own * product;
    y.squares[i] = size ** 2 * y.squares[i] + through ** 2 * z.squares[i] + own * product ** 2;
    y.stored[i] = size * y.stored[i] + through * z.stored[i] + product;
    y.storedSquares[i] = size ** 2 * y.storedSquares[i] + through ** 2 * z.storedSquares[i] + product ** 2;
    y.perSum[i] = size * y.perSum[i] + through * z.perSum[i];
  }
}

/** y <- y + u in place: a residual. */
export function addTo(y: Numbers, u: Numbers): void {
  for (let i = 0; i < y.value.length; i++) {
    y.value[i] += u.value[i];
    const size = Math.abs(y.value[i]);
    y.certified[i] += u.certified[i] + size;
    y.squares[i] += u.squares[i] + size * size;
    y.stored[i] += u.stored[i] + size;
    y.storedSquares[i] += u.storedSquares[i] + size * size;
    y.perSum[i] += u.perSum[i];
  }
}

/** y <- y + D x, with the raw x: a product, a sum, and one for their product of second order. */
export function addSkip(y: Numbers, i: number, d: number, x: Numbers, at: number): void {
  const size = Math.abs(d);
  const term = d * x.value[at];
  y.value[i] += term;
  y.certified[i] += size * x.certified[at] + 3 * Math.abs(term);
  y.squares[i] += size ** 2 * x.squares[at] + 3 * term ** 2;
  y.stored[i] += size * x.stored[at] + Math.abs(term);
  y.storedSquares[i] += size ** 2 * x.storedSquares[at] + term ** 2;
  y.perSum[i] += size * x.perSum[at];
}
