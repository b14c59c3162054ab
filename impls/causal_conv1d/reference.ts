/** Float64 truth of the short causal convolution, one channel at a time (README.md, "The bound"). */
import { type Bounds, emptyBounds } from "../bound.js";
import { beginsAnew } from "../documents.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { siluBound } from "./reference/silu.js";

/** What a flush of denormals to zero may cost, in units of the bound's eta. */
const FLUSHED = 2 ** -126 / 1e-25;

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y" | "finalState">> {
  const { length, headDim, width, past } = problem.dims;
  const read = (name: string) => inputReader(operator, problem, name);
  const [X, weight, bias, initialState] = [read("X")!, read("weight")!, read("bias"), read("initialState")];
  let known = -1;
  let oldest = new Int32Array(0);
  for (const lane of lanes) {
    const { batch, heads, headDim: p } = laneCoordinates(operator, problem, lane);
    const channel = heads * headDim + p;
    if (batch !== known) oldest = firstTokens(operator, problem, batch);
    known = batch;
    /** A token's input as token `t` sees it: 0 out of another document. */
    const seen = (t: number, at: number) => {
      if (at < oldest[t]) return 0;
      if (at >= 0) return X.at(batch * length + at, channel);
      return initialState ? initialState.at(batch, channel * past + past + at) : 0;
    };
    const Y = emptyBounds(length);
    for (let t = 0; t < length; t++) {
      const b = bias ? bias.at(0, channel) : 0;
      Y.value[t] = b;
      Y.scale[t] = Math.abs(b);
      for (let j = 0; j < width; j++) {
        const term = weight.at(0, channel * width + j) * seen(t, t - past + j);
        Y.value[t] += term;
        Y.scale[t] += Math.abs(term);
      }
      Y.count[t] = width + 2;
      // terms and sums of them
      Y.floor[t] = (2 * width + 1) * FLUSHED + (problem.dtype === "f16" ? 1 : 0);
      if (problem.settings.silu) siluBound(Y, t, FLUSHED);
    }
    const last = Float64Array.from({ length: past }, (_, j) => seen(length - 1, length - past + j));
    yield { lane, outputs: { Y, finalState: copied(last) } };
  }
}

/** Copies round nothing, and may flush a denormal. */
function copied(values: Float64Array): Bounds {
  const bounds = emptyBounds(values.length);
  bounds.value.set(values);
  bounds.scale.set(values.map(Math.abs));
  bounds.floor.fill(FLUSHED);
  return bounds;
}

/** For every token the first one of its document: as far as its taps may reach back. */
function firstTokens(operator: AnyOperator, problem: Problem, batch: number): Int32Array<ArrayBuffer> {
  const { length, past } = problem.dims;
  const documents = inputReader(operator, problem, "documents");
  const oldest = new Int32Array(length).fill(-past);
  for (let t = 0; t < length && documents; t++)
    oldest[t] = beginsAnew(documents, batch, length, t) ? t : t === 0 ? -past : oldest[t - 1];
  return oldest;
}
