/** Float64 truth of masked attention, one row at a time (README.md, "The bound"). */
import { type Bounds, emptyBounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { addTransform, transformErrors } from "./reference/transform.js";

/** What a flush of denormals to zero may cost a product, in units of the bound's eta. */
const FLUSHED = 2 ** -126 / 1e-25;

/** One element of a mask: its value, how many roundings made it, and the sum of |log decay| behind it. */
interface MaskElement {
  readonly value: number;
  readonly count: number;
  readonly decaySum: number;
}

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y">> {
  const { length, headDim, headDimV } = problem.dims;
  const [Q, K, V] = ["Q", "K", "V"].map((name) => inputReader(operator, problem, name)!);
  const transform = transformErrors(operator, problem);
  for (const lane of lanes) {
    const { batch, length: t, heads: head } = laneCoordinates(operator, problem, lane);
    const row = batch * length;
    const Y = rowBounds(headDimV, t + 1);
    const mask = maskOf(operator, problem, batch, head);
    const decays = problem.inputs.logA || problem.inputs.logGamma;
    const [newer, newerSquares] = [new Float64Array(headDimV), new Float64Array(headDimV)];
    for (let s = t; s >= 0; s--) {
      const { value: L, count, decaySum } = mask(t, s);
      let dot = 0;
      let absDot = 0;
      let walk = 0;
      for (let n = 0; n < headDim; n++) {
        const term = Q.at(row + t, head * headDim + n) * K.at(row + s, head * headDim + n);
        dot += term;
        absDot += Math.abs(term);
        walk += term * term + dot * dot;
      }
      walk += dot * dot * (1 + decaySum ** 2);
      for (let e = 0; e < headDimV; e++) {
        const value = V.at(row + s, head * headDimV + e);
        const weighted = L * value;
        const scale = Math.abs(weighted) * absDot;
        Y.value[e] += weighted * dot;
        Y.scale[e] += scale;
        Y.count[e] += scale * (headDim + 3 + count + 5 * decaySum);
        Y.squares[e] += weighted * weighted * walk;
        Y.countPerSum[e] += scale * decaySum;
        // a factor, or a product of two, may be flushed before it meets the others
        Y.floor[e] += (1 + Math.abs(L)) * (1 + Math.abs(value)) * (1 + absDot);
        // a rounded decay is shared by all older tokens: what is left of the sum behind it
        newer[e] += Y.value[e];
        newerSquares[e] += Y.value[e] ** 2;
      }
    }
    if (transform) addTransform(Y, transform(batch, head), Q, row + t, head);
    // sum over all steps of (y - newer)^2, eight roundings each
    for (let e = 0; e < headDimV && decays; e++)
      Y.squares[e] += 8 * ((t + 1) * Y.value[e] ** 2 - 2 * Y.value[e] * newer[e] + newerSquares[e]);
    yield { lane, outputs: { Y: relative(Y, problem.dtype) } };
  }
}

function rowBounds(channels: number, keys: number) {
  return {
    ...emptyBounds(channels),
    squares: new Float64Array(channels),
    tokens: new Float64Array(channels).fill(keys),
    transformed: new Float64Array(channels),
    transformedSquares: new Float64Array(channels),
  };
}

/** From sums over the row to units of its scale. */
function relative(Y: ReturnType<typeof rowBounds>, dtype: Problem["dtype"]): Bounds {
  Y.scale.forEach((scale, e) => {
    Y.count[e] = scale > 0 ? Y.count[e] / scale + 4 : 0;
    Y.squares[e] = scale > 0 ? Y.squares[e] / scale ** 2 + 4 : 0;
    Y.countPerSum[e] = scale > 0 ? Y.countPerSum[e] / scale + 1 : 0;
    Y.floor[e] = Y.floor[e] * FLUSHED + (dtype === "f16" ? 1 : 0);
  });
  return Y;
}

/** L[t, s] for s <= t; rows are asked for from s = t downwards. */
function maskOf(
  operator: AnyOperator,
  problem: Problem,
  batch: number,
  head: number,
): (t: number, s: number) => MaskElement {
  const { length } = problem.dims;
  const [logGamma, m, logA] = ["logGamma", "m", "logA"].map((name) => inputReader(operator, problem, name));
  let logDecay = 0;
  let decaySum = 0;
  return (t, s) => {
    // the decay of token s + 1 joins; a token does not decay itself
    const step = (logA?.at(batch * length + s + 1, head) ?? 0) + (logGamma?.at(0, head) ?? 0);
    logDecay = s === t ? 0 : logDecay + step;
    decaySum = s === t ? 0 : decaySum + Math.abs(step);
    const decay = Math.exp(logDecay);
    return {
      value: m ? m.at(0, head * length + t - s) * decay : decay,
      count: (m ? 2 : 0) + (logA || logGamma ? 8 * (t - s) : 0),
      // a mask element of 0 has no roundings, whatever its logarithm
      decaySum: decay === 0 ? 0 : decaySum,
    };
  };
}
