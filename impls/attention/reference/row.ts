/**
 * Float64 truth of one query (README.md, "The bound").
 *
 *   p_s = exp(l_s - max l), l_s = scale q . k_s     y = sum_s p_s v_s / sum_s p_s, 0 where no key is seen
 *   lambda_s = (d + 3) a_s + 6 (max l - l_s) + 8    the roundings behind p_s, relative to it; a_s = |scale| |q| . |k_s|
 *   squares_s                                       the sum of their squares when terms and partial sums have their real sizes
 */
import { type Bounds, emptyBounds } from "../../bound.js";
import type { Problem } from "../../operator.js";

/** The coarsest roundoff an engine declares; how far first order is from the truth is judged by it. */
const COARSEST = 2 ** -22;
/** What a flush of denormals to zero may cost a product, in units of the bound's eta. */
const FLUSHED = 2 ** -126 / 1e-25;

/** Room for the weights of a row of at most so many keys. */
export function rowOf(keys: number): Weights {
  return {
    p: new Float64Array(keys),
    lambda: new Float64Array(keys),
    squares: new Float64Array(keys),
  };
}

/** A query, what its scores are multiplied by, and the keys and values that it sees. */
export interface Query {
  readonly q: Float64Array;
  readonly scale: number;
  readonly keys: number;
  key(s: number, n: number): number;
  value(s: number, e: number): number;
  /** Of a value. */
  readonly channels: number;
  readonly dtype: Problem["dtype"];
}

export function truthOfRow(row: Weights, query: Query): Bounds {
  const { q, keys, key, scale, channels, value, dtype } = query;
  weigh(row, keys, q, key, scale);
  return mean(row, keys, channels, value, dtype);
}

export interface Weights {
  /** Probabilities, of sum 1. */
  readonly p: Float64Array;
  readonly lambda: Float64Array;
  readonly squares: Float64Array;
}

function weigh(
  { p, lambda, squares }: Weights,
  keys: number,
  q: Float64Array,
  key: (s: number, n: number) => number,
  scale: number,
): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < keys; s++) {
    let dot = 0;
    let absDot = 0;
    let squareSum = 0;
    for (let n = 0; n < q.length; n++) {
      const term = q[n] * key(s, n);
      dot += term;
      absDot += Math.abs(term);
      squareSum += term * term + dot * dot;
    }
    p[s] = scale * dot;
    lambda[s] = (q.length + 3) * Math.abs(scale) * absDot;
    squares[s] = scale * scale * (squareSum + 3 * dot * dot);
    max = Math.max(max, p[s]);
  }
  let sum = 0;
  for (let s = 0; s < keys; s++) {
    const below = max - p[s];
    p[s] = Math.exp(-below);
    sum += p[s];
    // an error of u lambda in the exponent is one of exp(u lambda) - 1 in the weight
    lambda[s] = Math.expm1(COARSEST * (lambda[s] + 6 * below + 8)) / COARSEST;
    squares[s] += (6 * below) ** 2 + 8 ** 2;
  }
  for (let s = 0; s < keys; s++) p[s] /= sum;
}

/** The weighted mean of the values, and what it errs by for what its weights err by. */
function mean(
  { p, lambda, squares }: Weights,
  keys: number,
  channels: number,
  value: (s: number, e: number) => number,
  dtype: Problem["dtype"],
): Bounds {
  const Y = {
    ...emptyBounds(channels),
    squares: new Float64Array(channels),
    tokens: new Float64Array(channels).fill(keys),
  };
  let lambdaMean = 0;
  let max = 0;
  for (let s = 0; s < keys; s++) {
    lambdaMean += p[s] * lambda[s];
    max = Math.max(max, p[s]);
    for (let e = 0; e < channels; e++) {
      const v = value(s, e);
      Y.value[e] += p[s] * v;
      Y.scale[e] += p[s] * Math.abs(v);
      Y.count[e] += p[s] * lambda[s] * Math.abs(v);
      Y.floor[e] += Math.abs(v);
    }
  }
  // sum and mean of the weights err alike where the values do not differ: what counts is the distance from the mean
  for (let s = 0; s < keys; s++)
    for (let e = 0; e < channels; e++) Y.squares[e] += (p[s] * (value(s, e) - Y.value[e])) ** 2 * squares[s];
  for (let e = 0; e < channels; e++) {
    const scale = Y.scale[e];
    const y = Math.abs(Y.value[e]);
    const weights =
      scale > 0 ? (Y.count[e] + y * lambdaMean) / scale / (1 - Math.min(0.9, COARSEST * lambdaMean)) : 0;
    Y.count[e] = weights + 4;
    Y.squares[e] = (scale > 0 ? Y.squares[e] / scale ** 2 : 0) + 4;
    Y.countPerSum[e] = 3;
    // probabilities below eta may vanish: in units of the largest, which is max of them
    Y.floor[e] = max * (Y.floor[e] + keys * y) + (keys + 1) * FLUSHED + (dtype === "f16" ? 1 : 0);
  }
  return Y;
}
