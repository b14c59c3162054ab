import { InvalidArgumentError } from "commander";
import { parseFilter } from "../../suites/plan/filter.js";

/** `--filter` as a flag that may be repeated: every word of every one must match. */
export function filterFlag(text: string, earlier?: string): string {
  try {
    parseFilter(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  return earlier === undefined ? text : `${earlier} ${text}`;
}
