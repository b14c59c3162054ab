/** Float64 truth of a gated MLP's gradients, with what roundings may do to them (impls/blocks/README.md, "The bound, backward"). */
import { gateBy } from "../blocks/reference/elementwise.js";
import { backThroughGate } from "../blocks/reference/gradients/elementwise.js";
import { ReferenceFrame } from "../blocks/reference/gradients/frame.js";
import { keep, sized, slice } from "../blocks/reference/gradients/sized.js";
import { numbers, part } from "../blocks/reference/numbers.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"du" | "dinProj" | "doutProj">> {
  const { inner, projected } = problem.dims as Readonly<Record<string, number>>;
  const frame = new ReferenceFrame(operator, problem);
  const { tokens } = frame;
  const row = numbers(projected);
  const gated = sized(tokens * inner);
  for (let t = 0; t < tokens; t++) {
    // 1. project; 5. gate; 6. project
    frame.project(t, row);
    const up = part(row, inner, projected);
    gateBy(up, part(row, 0, inner));
    keep(up, gated, t * inner);
    frame.finish(t, up);
  }
  const dgated = frame.unfinish(gated);
  const drow = sized(tokens * projected);
  for (let t = 0; t < tokens; t++) {
    const [d, up] = [slice(dgated, t * inner, inner), slice(frame.row, t * projected + inner, inner)];
    const to = { dup: slice(drow, t * projected + inner, inner), dgate: drow };
    for (let i = 0; i < inner; i++)
      backThroughGate(d, up, i, frame.row, t * projected + i, { ...to, at: t * projected + i });
  }
  frame.unproject(drow);
  for (const lane of lanes) yield { lane, outputs: frame.bounds() as never };
}
