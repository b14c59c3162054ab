/** Float64 truth of attention, one row at a time (README.md, "The bound"). */
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { rowOf, truthOfRow } from "./reference/row.js";
import { visibleKeys } from "./reference/visible.js";

/** What multiplies q . k: the setting, or 1 / sqrt(headDim) where that is 0. */
export function attentionScale(problem: {
  readonly dims: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
}): number {
  const scale = problem.settings.scale as number;
  return scale === 0 ? 1 / Math.sqrt(problem.dims.headDim) : scale;
}

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
  const row = rowOf(context);

  for (const lane of lanes) {
    const { batch, length: t, heads: head } = laneCoordinates(operator, problem, lane);
    const group = Math.floor(head / (heads / groups));
    const first = visible.first[batch * length + t];
    const keys = visible.end[batch * length + t] - first;
    for (let n = 0; n < headDim; n++) q[n] = Q.at(batch * length + t, head * headDim + n);
    const key = (s: number, n: number) => K.at(batch * context + first + s, group * headDim + n);
    const value = (s: number, e: number) => V.at(batch * context + first + s, group * headDimV + e);
    const Y = truthOfRow(row, { q, scale, keys, key, value, channels: headDimV, dtype: problem.dtype });
    yield { lane, outputs: { Y } };
  }
}
