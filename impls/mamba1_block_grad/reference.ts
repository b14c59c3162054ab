/** Float64 truth of a Mamba-1 block's gradients, with what roundings may do to them (impls/blocks/README.md, "The bound, backward"). */
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { BackwardBlock } from "./reference/block.js";

type Always =
  | ("du" | "dinProj" | "doutProj" | "dconvWeight" | "ddtBias")
  | ("dALog" | "dD" | "dxProj" | "ddtProj");

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<Always>> {
  const block = new BackwardBlock(operator, problem);
  block.forward();
  block.backward();
  for (const lane of lanes) yield { lane, outputs: block.frame.bounds() as never };
}
