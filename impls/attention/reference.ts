/**
 * Float64 truth of attention, one row at a time (README.md, "The bound").
 *
 *   p_s = exp(l_s - max l), l_s = scale q . k_s     y = sum_s p_s v_s / sum_s p_s, 0 where no key is seen
 *   lambda_s = (d + 3) a_s + 6 (max l - l_s) + 8    the roundings behind p_s, relative to it; a_s = |scale| |q| . |k_s|
 *   squares_s                                       the sum of their squares when terms and partial sums have their real sizes
 */
import { type Bounds, emptyBounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { visibleKeys } from "./reference/visible.js";

/** What multiplies q . k: the setting, or 1 / sqrt(headDim) where that is 0. */
export function attentionScale(problem: {
  readonly dims: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
}): number {
  const scale = problem.settings.scale as number;
  return scale === 0 ? 1 / Math.sqrt(problem.dims.headDim) : scale;
}

/** The coarsest roundoff an engine declares; how far first order is from the truth is judged by it. */
const COARSEST = 2 ** -22;
/** What a flush of denormals to zero may cost a product, in units of the bound's eta. */
const FLUSHED = 2 ** -126 / 1e-25;

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y">> {
  const { length, context, heads, groups, headDim, headDimV } = problem.dims;
  const visible = visibleKeys(problem);
  const [Q, K, V] = ["Q", "K", "V"].map((name) => inputReader(operator, problem, name)!);
  const scale = attentionScale(problem);
  const q = new Float64Array(headDim);
  const row: Weights = {
    p: new Float64Array(context),
    lambda: new Float64Array(context),
    squares: new Float64Array(context),
  };

  for (const lane of lanes) {
    const { batch, length: t, heads: head } = laneCoordinates(operator, problem, lane);
    const group = Math.floor(head / (heads / groups));
    const first = visible.first[batch * length + t];
    const keys = visible.end[batch * length + t] - first;
    for (let n = 0; n < headDim; n++) q[n] = Q.at(batch * length + t, head * headDim + n);
    const key = (s: number, n: number) => K.at(batch * context + first + s, group * headDim + n);
    const value = (s: number, e: number) => V.at(batch * context + first + s, group * headDimV + e);
    weigh(row, keys, q, key, scale);
    yield { lane, outputs: { Y: mean(row, keys, headDimV, value, problem.dtype) } };
  }
}

interface Weights {
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
