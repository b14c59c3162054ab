/** Text from elsewhere (a driver's message, a received file) on its way to a terminal, a table or a picture. */

/** Control characters, and those that reverse the order of what follows: neither has a place in a line of text. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

/** One line without anything that moves a cursor or hides: breaks and tabs become spaces, the rest its escape, e.g. `\u001b`. */
export function visible(text: string): string {
  return text.replace(/\r?\n|[\r\t]/g, " ").replace(UNSEEN, escaped);
}

/** All strings of a value made visible; what is nested deeper than anyone reads is left out. */
export function visibleDeep(value: unknown, depth = 12): unknown {
  if (typeof value === "string") return visible(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "(nested too deep to show)";
  if (Array.isArray(value)) return value.map((one) => visibleDeep(one, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [visible(key), visibleDeep(one, depth - 1)]),
  );
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A value as a sentence quotes it: short, on one line, whatever it is. */
export function quotedValue(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : simple(value);
  const line = visible(text);
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}

function simple(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}
