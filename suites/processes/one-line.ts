/** An error as one line, without a stack. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n")[0].trim() || "an error without a message";
}
