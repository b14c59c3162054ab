/** Float64 truth of a Mamba-2 block's gradients, with what roundings may do to them (impls/blocks/README.md, "The bound, backward"). */

import { sized } from "../blocks/reference/gradients/sized.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { KeptBlock } from "./reference/block.js";
import { unmap } from "./reference/map.js";
import { ungate, unselect } from "./reference/stages.js";

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"du" | "dinProj" | "doutProj" | "dconvWeight" | "ddtBias" | "dALog" | "dD">> {
  const block = new KeptBlock(operator, problem);
  const { frame } = block;
  block.forward();
  // the stages from the last to the first
  const drow = sized(frame.row.value.length);
  const dy = ungate(block, frame.unfinish(block.rows), drow);
  const { dmapped, dsteps } = unmap(block, dy);
  unselect(block, dmapped, dsteps, drow);
  frame.unproject(drow);
  for (const lane of lanes) yield { lane, outputs: frame.bounds() as never };
}
