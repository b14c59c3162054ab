/** Float64 truth of a decode step: that of ssd over one token, whose outputs have the same names. */
import type { Lane, LaneReference, Problem } from "../operator.js";
import { forwardProblem } from "../recurrence/one-token.js";
import { ssd } from "../ssd/operator.js";

export function reference(
  problem: Problem,
  lanes: readonly Lane[],
): Iterable<LaneReference<"Y" | "finalState">> {
  return ssd.reference(forwardProblem(ssd, problem), lanes);
}
