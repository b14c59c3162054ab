// What the reader looks at, in the part of the address behind #: a link to it shows the same.
const KEYS = ["filter", "status", "sort", "case"];

/** Empty texts where the address says nothing; undefined where it names a heading. */
export function readState() {
  const text = location.hash.slice(1);
  if (text !== "" && !text.includes("=")) return undefined;
  const found = new URLSearchParams(text);
  return Object.fromEntries(KEYS.map((key) => [key, found.get(key) ?? ""]));
}

/** The address of a state; what is empty is left out. */
export function stateLink(state) {
  const words = KEYS.filter((key) => state[key]).map((key) => [key, state[key]]);
  return `#${new URLSearchParams(words)}`;
}

/** Shows a change in the address without a step for the button "back". */
export function writeState(change) {
  const state = { ...(readState() ?? {}), ...change };
  history.replaceState(null, "", stateLink(state));
}
