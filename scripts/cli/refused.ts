/** Modules of `--impl` that could not be used: named, while the others go on. */
import type { Refused } from "../../suites/processes/catalogue.js";
import { EXIT, Stop, warn } from "./exit.js";

/**
 * @param more whether any other module is left
 * @returns how the command ends in spite of all the others; undefined where none was refused. @throws Stop where none is left
 */
export function tellRefused(refused: readonly Refused[], more: boolean): number | undefined {
  if (refused.length === 0) return undefined;
  const code = refused.every(({ broken }) => broken) ? EXIT.wrong : EXIT.usage;
  const [first, ...others] = refused.map(({ reason }) => reason);
  for (const reason of others) warn(reason);
  if (!more) throw new Stop(code, first);
  warn(first);
  return code;
}
