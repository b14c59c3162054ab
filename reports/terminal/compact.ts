/** A suite in a few lines: a line a curve, as many of its sizes as the terminal is wide. */

import { bestCurves, type Curve, type Group, groupsOf } from "../analysis/curves.js";
import { groupBy, xKeyOf } from "../analysis/series.js";
import { formatDuration, formatSize, plural, shorten } from "../format.js";
import type { Row } from "../rows/row.js";
import { plot, type TerminalOptions } from "./plot.js";

const CELL = 9;
const LONGEST_NAME = 30;
const SHORTEST_NAME = 12;
/** Groups beyond these are in the page. */
const MOST_GROUPS = 3;

/** Table and chart of each suite, then what went wrong in full: nobody should have to open a file to learn it. */
export function summary(rows: readonly Row[], options: TerminalOptions): string[] {
  const width = Math.max(40, options.width);
  const lines = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) => {
    const xKey = xKeyOf(suite, members);
    const groups = groupsOf(members, xKey).filter((group) => bestCurves(group).length > 0);
    const shown = groups.slice(0, MOST_GROUPS).flatMap((group) => {
      const curves = bestCurves(group);
      return [...compactTable(suite, group, curves, width), "", ...plot(curves, { ...options, width }), ""];
    });
    const more = groups.length - MOST_GROUPS;
    return more > 0 ? [...shown, `${suite}: ${plural(more, "further group")} in report.html`, ""] : shown;
  });
  return [...lines, ...[...troubles(rows), counts(rows)].flatMap((line) => pieces(line, width))];
}

function compactTable(suite: string, group: Group, curves: readonly Curve[], width: number): string[] {
  const { device, dtype, state, length, xKey } = group;
  const about = [
    suite,
    device,
    dtype,
    ...(state === undefined ? [] : [`N = ${state}`]),
    ...(length === undefined ? [] : [`length ${formatSize(length)}`]),
  ];
  const sizes = [...new Set(curves.flatMap(({ points }) => points.flatMap(({ x }) => x ?? [])))].sort(
    (a, b) => a - b,
  );
  const longest = Math.max(...curves.map((curve) => nameOf(curve).length));
  const nameWidth = Math.max(SHORTEST_NAME, Math.min(LONGEST_NAME, longest, width - 2 * CELL));
  const columns = spread(sizes, Math.max(1, Math.floor((width - nameWidth) / CELL)));
  const head = `${xKey.padEnd(nameWidth)}${columns.map((x) => formatSize(x).padStart(CELL)).join("")}`;
  const body = curves.map((curve) => {
    const cells = columns.map((x) => cell(curve, x).padStart(CELL));
    return `${shorten(nameOf(curve), nameWidth).padEnd(nameWidth)}${cells.join("")}`.trimEnd();
  });
  return [shorten(about.join(" · "), width), shorten(head, width), ...body];
}

function nameOf({ family, implementation }: Curve): string {
  return `${family.name}, ${implementation.split(" ")[0]}`;
}

/** A time that was extrapolated has a "~"; a curve without the axis has the same time everywhere. */
function cell({ points }: Curve, x: number): string {
  const point = points.find((one) => one.x === x) ?? points.find((one) => one.x === undefined);
  if (!point) return "-";
  return `${point.measured ? "" : "~"}${formatDuration(point.ns).replace(" ", "")}`;
}

/** The first, the last, and others evenly between. */
function spread(values: readonly number[], most: number): number[] {
  if (values.length <= most) return [...values];
  if (most === 1) return values.slice(-1);
  const step = (values.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => values[Math.round(i * step)]);
}

/** What is wrong, and the counts of all. */
function troubles(rows: readonly Row[]): string[] {
  const wrong = rows.filter((row) => row.status === "rejected" || row.status === "failed");
  const lines = wrong.map((row) => `${row.status} ${row.id}: ${row.reason}`);
  return [...new Set(lines)].map((line) => line.replace(/[\s\p{Cc}]+/gu, " ").trim());
}

function counts(rows: readonly Row[]): string {
  const parts = [...groupBy(rows, (row) => row.status)].map(([status, { length }]) => `${length} ${status}`);
  const guess = rows.some((row) => row.status === "skipped" && row.predictedNs !== undefined);
  return `${plural(rows.length, "case")}: ${parts.join(", ") || "none"}.${guess ? " ~ extrapolated." : ""}`;
}

/** A line of any length in pieces that fit, so that nothing of it is lost. */
function pieces(line: string, width: number): string[] {
  return line.match(new RegExp(`.{1,${width}}`, "gu")) ?? [];
}
