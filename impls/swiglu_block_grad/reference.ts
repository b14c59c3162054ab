import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
// biome-ignore lint/suspicious/noExplicitAny: for now
export function* reference(
  _operator: AnyOperator,
  _problem: Problem,
  _lanes: readonly Lane[],
): Generator<LaneReference<any>> {}
