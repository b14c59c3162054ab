/** What of a suite's rows a chart can show: a picture of a hundred thousand cases helps nobody, and takes minutes to draw. */
import type { Row } from "../rows/row.js";
import { type Curve, groupsOf } from "./curves.js";
import { xKeyOf } from "./series.js";

const GROUPS = 12;
const CURVES = 40;
const POINTS = 100;

/** Rows in their order; `left` are those that stand in the tables only. */
export function drawable(suite: string, rows: readonly Row[]): { rows: readonly Row[]; left: number } {
  const groups = groupsOf(rows, xKeyOf(suite, rows));
  const kept = new Set(groups.slice(0, GROUPS).flatMap(({ curves }) => fullest(curves).flatMap(thinned)));
  // a case that was run twice is drawn once, which nobody misses
  const all = new Set(groups.flatMap(({ curves }) => curves.flatMap((curve) => curve.rows)));
  return { rows: rows.filter((row) => kept.has(row)), left: all.size - kept.size };
}

/** Those with most points, in the order in which they were. */
function fullest(curves: readonly Curve[]): Curve[] {
  if (curves.length <= CURVES) return [...curves];
  const most = new Set(curves.toSorted((a, b) => b.points.length - a.points.length).slice(0, CURVES));
  return curves.filter((curve) => most.has(curve));
}

/** Every k-th row of a curve, and its last. */
function thinned({ rows }: Curve): Row[] {
  const step = Math.ceil(rows.length / POINTS);
  return rows.filter((_, i) => i % step === 0 || i === rows.length - 1);
}
