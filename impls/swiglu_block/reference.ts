/** Float64 truth of a gated MLP, a token at a time, with what roundings may do to it (README.md). */
import { addTo, gateBy } from "../blocks/reference/elementwise.js";
import { frontOf } from "../blocks/reference/front.js";
import { BlockBounds, numbers, part } from "../blocks/reference/numbers.js";
import { weightsOf } from "../blocks/reference/weights.js";
import type { Bounds } from "../bound.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";

/** @param before outputs of a layer in front, in place of u */
export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
  before?: Bounds,
): Generator<LaneReference<"Y">> {
  const { modelDim, inner, projected } = problem.dims as Readonly<Record<string, number>>;
  const inProj = weightsOf(operator, problem, "inProj", "inBias");
  const outProj = weightsOf(operator, problem, "outProj", "outBias");
  const front = frontOf(operator, problem, before);
  const [row, out] = [numbers(projected), numbers(modelDim)];
  for (const lane of lanes) {
    const { u, v } = front(lane.index);
    // 1. project
    inProj.product(v, row);
    // 5. gate
    const up = part(row, inner, projected);
    gateBy(up, part(row, 0, inner));
    // 6. project
    outProj.product(up, out);
    if (u) addTo(out, u);
    const Y = new BlockBounds(modelDim, problem.dtype, 1e3);
    Y.set(out, 0);
    yield { lane, outputs: { Y: Y.bounds } };
  }
}
