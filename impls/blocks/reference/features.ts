/** Feature maps that work on all numbers of a group's B or C at once, on numbers that carry their errors (impls/mamba2_block/README.md). */
import { featureMatrix, featureShare } from "../random-features.js";
import { normOf } from "./norm.js";
import { COARSEST, type Norms, type Numbers, normsOf, part } from "./numbers.js";

const ONES = { at: () => 1 };

/** v <- (v - mean) / sqrt(variance + eps) in place, over runs of `size` numbers. */
export function layerNormOf(of: Numbers, size: number, eps: number): void {
  for (let first = 0; first < of.value.length; first += size) centre(part(of, first, first + size));
  normOf(of, size, ONES, eps);
}

/** v <- v - mean(v). Each error moves its own number, and by its share the mean. */
function centre({ value, certified, squares, stored, storedSquares, perSum }: Numbers): void {
  const size = value.length;
  let [sum, sizes, errors, walked, kept, keptWalk, sums] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < size; i++) {
    sum += value[i] / size;
    sizes += Math.abs(value[i]) / size;
    errors += certified[i] / size;
    // errors of a group's numbers may hang together
    walked += Math.sqrt(squares[i]) / size;
    kept += stored[i] / size;
    keptWalk += Math.sqrt(storedSquares[i]) / size;
    sums += perSum[i] / size;
  }
  // a sum, a quotient, a difference
  const own = size + 2;
  for (let i = 0; i < size; i++) {
    const difference = Math.abs(value[i]) + sizes;
    value[i] -= sum;
    certified[i] += errors + own * difference;
    squares[i] = (Math.sqrt(squares[i]) + walked) ** 2 + own * difference ** 2;
    stored[i] += kept;
    storedSquares[i] = (Math.sqrt(storedSquares[i]) + keptWalk) ** 2;
    perSum[i] += sums;
  }
}

/**
 * v <- exp(W v - |v|^2 / (2 sqrt N)) / sqrt N, over runs of N = `state` numbers (../random-features.ts).
 * @param storage roundoff of the problem's storage: how far errors of exponents reach there
 */
export function randomFeatures(state: number, storage: number): (of: Numbers) => void {
  const W = Float64Array.from(featureMatrix(state));
  const sizes = Float64Array.from({ length: state }, (_, i) =>
    Math.hypot(...W.subarray(i * state, (i + 1) * state)),
  );
  const features = { W, sizes, state, storage };
  return (of) => {
    for (let first = 0; first < of.value.length; first += state)
      featuresOf(part(of, first, first + state), features);
  };
}

interface Features {
  readonly W: Float64Array;
  /** Norms of its rows. */
  readonly sizes: Float64Array;
  readonly state: number;
  readonly storage: number;
}

function featuresOf(of: Numbers, { W, sizes, state, storage }: Features): void {
  const v = of.value.slice();
  const norms = normsOf(of);
  const share = featureShare(state);
  const square = share * norms.value ** 2;
  const root = Math.sqrt(state);
  for (let i = 0; i < state; i++) {
    let product = 0;
    for (let j = 0; j < state; j++) product += W[i * state + j] * v[j];
    const exponent = product - square;
    const g = errorsOf(norms, sizes[i], state);
    const y = Math.exp(exponent) / root;
    // no v has a larger feature; exponents err by what they are, as everywhere
    const most = sizes[i] ** 2 / (4 * share);
    const own = 8 + 5 * Math.abs(exponent);
    const moved = (error: number, unit: number) => grown(exponent, most, error, unit) / root;
    of.value[i] = y;
    of.certified[i] = moved(g.certified, COARSEST) + own * y;
    of.squares[i] = moved(Math.sqrt(g.squares), COARSEST) ** 2 + own * y * y;
    of.stored[i] = moved(g.stored, storage) + y;
    of.storedSquares[i] = moved(Math.sqrt(g.storedSquares), storage) ** 2 + y * y;
    of.perSum[i] = moved(g.perSum, COARSEST);
  }
}

/** Errors of the exponent: its slopes are those of a row of the matrix, which has both signs, and of the square. */
function errorsOf(v: Norms, row: number, state: number): Omit<Norms, "value"> {
  const share = featureShare(state);
  const [size, along, square] = [row * v.value, 2 * share * v.value, share * v.value ** 2];
  const slope = row + along;
  // as a product's errors walk (../README.md, "The bound"); those of a square may all be on one side
  const walk = (row ** 2 * Math.min(state, 4)) / state + along ** 2;
  return {
    certified: slope * v.certified + (state + 3) * (size + square),
    squares: walk * v.squares + (3 + state / 64) * size ** 2 + (state / 3 + 3) * square ** 2,
    stored: slope * v.stored,
    storedSquares: walk * v.storedSquares,
    perSum: slope * v.perSum,
  };
}

/**
 * What an error of the exponent, in units of `unit`, moves an exponential by at most, in those units.
 * @param most the largest exponent of any input
 */
function grown(exponent: number, most: number, error: number, unit: number): number {
  const y = Math.exp(exponent);
  const reach = unit * error;
  if (reach < 1) return y * error * (1 + reach);
  return (Math.exp(Math.min(exponent + reach, most)) - y) / unit;
}
