/** Float64 truth of a decode step: one row of attention, whose last key and value are the new token's. */

import { rowOf, truthOfRow } from "../attention/reference/row.js";
import { attentionScale } from "../attention/reference.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";

/** The first token of the cache that the new one sees. */
export function firstKey({
  dims,
  settings,
}: {
  readonly dims: Readonly<Record<string, number>>;
  readonly settings: Readonly<Record<string, number | boolean>>;
}): number {
  const window = settings.window as number;
  return window > 0 ? Math.max(0, dims.context + 1 - window) : 0;
}

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y">> {
  const { context, heads, groups, headDim, headDimV } = problem.dims;
  const [Q, K, V, k, v] = ["Q", "K", "V", "k", "v"].map((name) => inputReader(operator, problem, name)!);
  const row = rowOf(context + 1);
  const q = new Float64Array(headDim);
  const first = firstKey(problem);
  for (const lane of lanes) {
    const { batch, heads: head } = laneCoordinates(operator, problem, lane);
    const group = Math.floor(head / (heads / groups));
    for (let n = 0; n < headDim; n++) q[n] = Q.at(batch, head * headDim + n);
    const at = (cache: typeof K, own: typeof k, width: number) => (s: number, i: number) =>
      first + s < context
        ? cache.at(batch * context + first + s, group * width + i)
        : own.at(batch, group * width + i);
    const Y = truthOfRow(row, {
      ...{ q, scale: attentionScale(problem), keys: context + 1 - first, dtype: problem.dtype },
      ...{ key: at(K, k, headDim), value: at(V, v, headDimV), channels: headDimV },
    });
    yield { lane, outputs: { Y } };
  }
}
