/** The dense matrices of a case, and a form's values held against what they give. */
import { givenProblem, type Problem } from "../../impls/operator.js";
import { type Ssd, ssd } from "../../impls/ssd/operator.js";
import type { BoundArray } from "../verify/compare.js";
import type { Run } from "../verify/subject.js";
import type { Generators } from "./cases.js";
import { type Matrix, matrix, oneSemiseparable } from "./matrices.js";

/** M = L o C B^T: what an SSM with a scalar decay a token multiplies X by (equation 3 of the paper, scalar times identity). */
export function ssmMatrix({ a, B, C }: Pick<Generators, "a" | "B" | "C">): Matrix {
  const [length, state] = [a.length, B.length / a.length];
  const L = oneSemiseparable(a).data;
  return matrix(length, length, (t, s) => {
    const decay = L[t * length + s];
    if (s > t || decay === 0) return 0;
    let sum = 0;
    for (let n = 0; n < state; n++) sum += C[t * state + n] * B[s * state + n];
    return decay * sum;
  });
}

/** One batch entry, one head: the problem that the generators are, with these columns of X. */
export function ssdProblem(
  { logA, B, C }: Pick<Generators, "logA" | "B" | "C">,
  X: Float64Array,
): Problem<Ssd> {
  const length = logA.length;
  const dims = {
    batch: 1,
    length,
    heads: 1,
    groups: 1,
    headDim: X.length / length,
    state: B.length / length,
  };
  return givenProblem(ssd, { dims, inputs: { X, logA, B, C } });
}

export const FLOAT64 = 2 ** -52;

/** Error over bound; Infinity where the error is no number, or a bound of 0 is not met. */
export function over(error: number, bound: number): number {
  if (error === 0) return 0;
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / bound;
}

/**
 * The largest |got - wanted| / bound over the elements of an output.
 * @param wanted in C order
 */
export function worstRatio(run: Run, output: string, wanted: ArrayLike<number>): number {
  return largestRatio(run.values[output], wanted, run.bounds[output].certified);
}

export function largestRatio(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  bound: ArrayLike<number>,
): number {
  if (got.length !== wanted.length) throw new Error(`${got.length} values, ${wanted.length} are wanted`);
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    if (got[i] !== wanted[i]) worst = Math.max(worst, over(Math.abs(got[i] - wanted[i]), bound[i]));
  }
  return worst;
}

/** Bounds of two runs whose values are held against each other. */
export function sumOfBounds(one: BoundArray, other: BoundArray): Float64Array {
  return one.certified.map((bound, i) => bound + other.certified[i]);
}
