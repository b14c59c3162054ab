/** What the charts of strips have in common. */
import type { Group } from "../../analysis/curves.js";
import { formatSize } from "../../format.js";

export const WIDTH = 650;
/** Groups beyond these are in the tables. */
export const MOST_PANELS = 4;
/** Rows beyond these are in the table of all cases. */
export const MOST_ROWS = 24;

/** Device, dtype and what else all of a group's cases have. */
export function groupWords({ device, dtype, state, length, pass, cache }: Group): string {
  return [
    device,
    dtype,
    length === undefined ? undefined : `length ${formatSize(length)}`,
    state === undefined ? undefined : `N = ${state}`,
    pass && `${pass} pass`,
    cache === "cold" ? "cold cache" : undefined,
  ]
    .filter(Boolean)
    .join(" · ");
}
