import { visible } from "../../reports/text.js";

/** An error as one line, without a stack. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return visible(text.split("\n")[0]).trim() || "an error without a message";
}
