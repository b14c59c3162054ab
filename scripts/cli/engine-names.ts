/** Names that `--engine` and `--device` take. */
import { unknownDevice, unknownEngine } from "../../suites/processes/names.js";
import type { ListedEngine } from "../../suites/processes/protocol.js";
import { usageError } from "./exit.js";

/** @throws Stop when there is no engine or no device of a name */
export function mustKnow(
  engines: readonly ListedEngine[],
  names: readonly string[],
  devices: readonly string[] = [],
): void {
  const why = unknownEngine(engines, names) ?? unknownDevice(engines, devices);
  if (why !== undefined) throw usageError(why);
}
