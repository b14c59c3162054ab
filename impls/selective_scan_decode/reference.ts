/** Float64 truth of a decode step: that of the selective scan over one token, whose outputs have the same names. */
import type { Lane, LaneReference, Problem } from "../operator.js";
import { forwardProblem } from "../recurrence/one-token.js";
import { selectiveScan } from "../selective_scan/operator.js";

export function reference(
  problem: Problem,
  lanes: readonly Lane[],
): Iterable<LaneReference<"Y" | "finalState">> {
  return selectiveScan.reference(forwardProblem(selectiveScan, problem), lanes);
}
