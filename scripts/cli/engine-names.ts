/** Names that `--engine` takes. */
import type { EngineEntry } from "../../impls/engines/index.js";
import { unknownEngine } from "../../suites/processes/user-impls.js";
import { usageError } from "./exit.js";

/** @throws Stop when there is no engine of a name */
export function mustKnow(engines: readonly EngineEntry[], names: readonly string[]): void {
  const why = unknownEngine(engines, names);
  if (why !== undefined) throw usageError(why);
}
