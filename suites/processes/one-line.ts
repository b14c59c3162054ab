import { visible } from "../../reports/text.js";

/** An error as one line, without a stack: of several lines the first that says something. */
export function oneLine(error: unknown): string {
  const lines = textOf(error)
    .split("\n")
    .map((line) => visible(line).trim());
  return lines.find((line) => line !== "" && !isFrame(line)) ?? "an error without a message";
}

/** Anything may be thrown, also what cannot be written down. */
function textOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message || error.name) : String(error);
  } catch {
    return "something that has no text";
  }
}

/** A line of a stack, where a message repeats one. */
function isFrame(line: string): boolean {
  return /^at .*(:\d+:\d+\)?|\(native\)|<anonymous>\)?)$/.test(line);
}
