/**
 * Rows become curves: one implementation on one device, along one axis. Curves that answer the same question (same device, dtype,
 * batch, heads, head size) form a group; only within a group may one be called faster than another.
 */

import { sameDevice } from "../rows/machine.js";
import type { Row } from "../rows/row.js";
import { FAMILIES, type Family, familyOf } from "./families.js";
import { implementationLabel } from "./names.js";
import { chunksOf, groupBy, seriesOf, type XKey } from "./series.js";

export interface Point {
  /** Undefined for an operator without this axis: drawn as a level line. */
  readonly x: number | undefined;
  readonly ns: number;
  readonly lowNs: number;
  readonly highNs: number;
  /** false: extrapolated from smaller cases of the same curve, never run. */
  readonly measured: boolean;
  /** Measured points of one segment are joined by the curve's line. */
  readonly segment: number;
  /** Whether nothing was rejected, failed or left out between this point and the one before. */
  readonly joined: boolean;
  readonly row: Row;
}

export interface Curve {
  readonly key: string;
  readonly family: Family;
  readonly implementation: string;
  readonly rows: readonly Row[];
  /** In order of x. */
  readonly points: readonly Point[];
}

export interface Group {
  readonly device: string;
  readonly dtype: string;
  readonly batch: number | undefined;
  readonly heads: number | undefined;
  readonly headDim: number;
  readonly state: number | undefined;
  readonly length: number | undefined;
  readonly pass: string | undefined;
  readonly cache: string | undefined;
  readonly xKey: XKey;
  readonly curves: readonly Curve[];
}

const SAME = [
  "device",
  "dtype",
  "batch",
  "length",
  "heads",
  "headDim",
  "headDimV",
  "context",
  "pass",
  "cache",
  "documents",
] as const;

/** Groups of a suite, the one with most measured families (then points) first; cold caches after warm ones. */
export function groupsOf(rows: readonly Row[], xKey: XKey): Group[] {
  const byQuestion = groupBy(rows, question);
  const groups = [...byQuestion.values()].flatMap((members) => {
    if (xKey === "state") return [groupOf(members, xKey)];
    // An operator without a state belongs to the group of every state.
    const byState = groupBy(members, (row) => String(row.state ?? ""));
    const stateless = byState.get("") ?? [];
    byState.delete("");
    if (byState.size <= 1) return [groupOf(members, xKey)];
    return [...byState.values()].map((own) => groupOf([...own, ...stateless], xKey));
  });
  const isCold = ({ cache }: Group) => Number(cache === "cold");
  return groups.sort((a, b) => isCold(a) - isCold(b) || weight(b) - weight(a));

  function question(row: Row): string {
    return (
      SAME.filter((key) => key !== xKey)
        // engines that have no say in it find what their last run left
        .map((key) => {
          if (key === "device") return sameDevice(row.device);
          return key === "cache" ? (row.cache ?? "warm") : row[key];
        })
        // of named shapes those that differ in their groups too are no curve
        .concat(row.workload === undefined ? [] : row.groups)
        .join("|")
    );
  }
}

/** Of several spellings the one with capitals, as makers write it. */
function deviceName(rows: readonly Row[]): string {
  return rows.find(({ device }) => /[A-Z]/.test(device))?.device ?? rows[0].device;
}

function weight(group: Group): number {
  const measured = group.curves.filter((curve) => curve.points.some((point) => point.measured));
  const families = new Set(measured.map((curve) => curve.family.key)).size;
  return families * 1e6 + measured.reduce((sum, curve) => sum + curve.points.length, 0);
}

function groupOf(rows: readonly Row[], xKey: XKey): Group {
  const { dtype, batch, heads, headDim, length, pass, cache } = rows[0];
  const curves = [...seriesOf(rows, xKey)].map(([key, members]) => curveOf(key, members, xKey));
  return {
    device: deviceName(rows),
    dtype,
    batch: xKey === "batch" ? undefined : batch,
    heads: xKey === "heads" ? undefined : heads,
    headDim,
    length: xKey === "length" ? undefined : length,
    state: xKey === "state" ? undefined : rows.find((row) => row.state !== undefined)?.state,
    pass,
    cache,
    xKey,
    curves: curves.sort((a, b) => order(a.family) - order(b.family) || (a.key < b.key ? -1 : 1)),
  };
}

function order(family: Family): number {
  const at = FAMILIES.findIndex((known) => known.key === family.key);
  return at < 0 ? FAMILIES.length : at;
}

function curveOf(key: string, members: readonly Row[], xKey: XKey): Curve {
  // A case that was run twice (a resumed run, two shards) counts once: its last row.
  const byX = new Map(members.map((row) => [row[xKey], row]));
  const rows = [...byX.values()].sort((a, b) => (a[xKey] ?? 0) - (b[xKey] ?? 0));
  const points: Point[] = [];
  let joined = false;
  for (const row of rows) {
    const point = pointOf(row, row[xKey], joined, points.at(-1));
    if (point) points.push(point);
    joined = point !== undefined;
  }
  return {
    key,
    family: familyOf(rows[0]),
    implementation: implementationLabel(rows[0], chunksOf(rows)),
    rows,
    points,
  };
}

function pointOf(
  row: Row,
  x: number | undefined,
  joined: boolean,
  before: Point | undefined,
): Point | undefined {
  const measured = row.status === "measured";
  const ns = measured ? row.medianNs : row.status === "skipped" ? row.predictedNs : undefined;
  if (ns === undefined || !(ns > 0)) return undefined;
  const [lowNs, highNs] = measured ? [row.ci95LowNs, row.ci95HighNs] : [ns, ns];
  const same = joined && before?.measured === measured;
  const segment = before ? before.segment + (same ? 0 : 1) : 0;
  return { x, ns, lowNs, highNs, measured, segment, joined, row };
}

/** So few points are no curve, beside one that has more. */
const CURVE_POINTS = 4;

/**
 * One curve a family: the fastest at the largest size where both were measured; where none is common, the one that reached further.
 * A curve of a few points (a run cut short, a peer tried at some sizes) does not stand for a family that has a whole one.
 */
export function bestCurves(group: Group): Curve[] {
  const candidates = group.curves.filter((curve) => curve.family.main && curve.points.length > 0);
  return [...groupBy(candidates, (curve) => curve.family.key).values()].map((family) =>
    family.reduce(faster),
  );
}

/** Of two curves the one that stands for both. */
export function faster(a: Curve, b: Curve): Curve {
  const [isWhole, other] = [a, b].map((curve) => measuredOf(curve).length >= CURVE_POINTS);
  if (isWhole !== other) return isWhole ? a : b;
  const times = new Map(measuredOf(b).map((point) => [point.x, point.ns]));
  const common = measuredOf(a).findLast((point) => times.has(point.x));
  if (common) return times.get(common.x)! < common.ns ? b : a;
  return (reach(b) ?? -1) > (reach(a) ?? -1) ? b : a;
}

export function measuredOf(curve: Curve): Point[] {
  return curve.points.filter((point) => point.measured);
}

function reach(curve: Curve): number | undefined {
  return measuredOf(curve).at(-1)?.x;
}
