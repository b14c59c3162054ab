/** Whose cases a suite asks for: kernels in one process, or one problem on several processes. */
import type { EngineTraits } from "../../impls/engines/index.js";
import type { Suite } from "../suite.js";

/** @param named by the user: an engine that is named runs whatever it is asked */
export function isAsked(
  { shards }: Pick<Suite, "shards">,
  traits: Pick<EngineTraits, "shards"> | undefined,
  named: boolean,
): boolean {
  return named || shards === traits?.shards;
}
