/** Speed at equal accuracy: every implementation of an operator at one size, by what it takes and how far it is from float64. */
import { formatInterval, formatSize } from "../format.js";
import type { Measured, Row } from "../rows/row.js";
import { familyOf } from "./families.js";
import { implementationLabel } from "./names.js";
import { chunksOf, groupBy } from "./series.js";

/** Errors are stored in units of this, f32's unit roundoff, times the scale of the element. */
const UNIT = 2 ** -24;
/** An exact result has a place on a logarithmic axis too. */
const LEAST_ERROR = 2 ** -30;

export interface AccuratePoint {
  readonly row: Measured;
  readonly family: string;
  /** "chunked.wasm chunk 8 f32" */
  readonly name: string;
  /** Worst measured error relative to its element's scale. */
  readonly error: number;
  /** No other is both faster and closer. */
  readonly isBest: boolean;
}

export interface AccuracyGroup {
  readonly operator: string;
  readonly device: string;
  readonly length: number;
  /** "batch 1, 16 heads of 64, N = 64" */
  readonly about: string;
  /** The best of their error first, then the others by time. */
  readonly points: readonly AccuratePoint[];
}

/** An operator on a device, at the length that most of its implementations have measured (of several, the largest). */
export function accuracyGroups(rows: readonly Row[]): AccuracyGroup[] {
  const suite = rows.some((row) => row.suite === "sequence-length") ? "sequence-length" : undefined;
  const measured = rows.filter(
    (row): row is Measured =>
      row.status === "measured" && (suite === undefined || row.suite === suite) && row.cache !== "cold",
  );
  const question = ({ operator, device, batch, heads, headDim, state, pass }: Measured) =>
    [operator, device.toLowerCase().replace(/[^a-z0-9]+/g, "-"), batch, heads, headDim, state, pass].join(
      "|",
    );
  return [...groupBy(measured, question).values()].map(groupOf);
}

function groupOf(rows: readonly Measured[]): AccuracyGroup {
  const byLength = [...groupBy(rows, (row) => String(row.length)).values()];
  const most = byLength.reduce((best, some) =>
    some.length > best.length || (some.length === best.length && some[0].length > best[0].length)
      ? some
      : best,
  );
  const { operator, device, length, batch, heads, headDim, state } = most[0];
  const about = [`batch ${batch}`, `${heads} x ${headDim}`, ...(state === undefined ? [] : [`N = ${state}`])];
  const error = (row: Measured) => Math.max(LEAST_ERROR, row.errorU * UNIT);
  const beaten = (row: Measured) =>
    most.some((other) => other.medianNs < row.medianNs && error(other) <= error(row));
  const points = most.map((row) => ({
    row,
    family: familyOf(row).key,
    name: nameOf(row, most),
    error: error(row),
    isBest: !beaten(row),
  }));
  const order = (a: AccuratePoint, b: AccuratePoint) =>
    Number(b.isBest) - Number(a.isBest) || a.row.medianNs - b.row.medianNs;
  return { operator, device, length, about: about.join(", "), points: points.toSorted(order) };
}

/** As short as tells it apart: the id's device key, e.g. a backend, only where two would have one name. */
function nameOf(row: Measured, all: readonly Measured[]): string {
  const brief = (one: Measured) =>
    [`${one.form}.${one.engine}`, one.make, one.chunk && `chunk ${one.chunk}`, one.dtype]
      .filter(Boolean)
      .join(" ");
  const isShared = all.some((other) => other !== row && brief(other) === brief(row));
  return isShared ? `${implementationLabel(row, chunksOf([row]))}, ${row.dtype}` : brief(row);
}

export const ACCURACY_TITLES = [
  "Operator",
  "Device",
  "Size",
  "Implementation",
  "Sums",
  "Best of its error",
  "Time",
  "95% interval",
  "Error",
  "Bound",
] as const;

/** One line a point. */
export function accuracyLines(
  groups: readonly AccuracyGroup[],
  duration: (ns: number) => string,
): string[][] {
  return groups.flatMap(({ operator, device, length, points }) =>
    points.map(({ row, name, error, isBest }) => [
      operator,
      device,
      formatSize(length),
      name,
      row.fairness?.accumulation ?? "",
      isBest ? "yes" : "no",
      duration(row.medianNs),
      formatInterval(row.ci95LowNs, row.ci95HighNs),
      error.toExponential(1),
      (row.boundU * UNIT).toExponential(1),
    ]),
  );
}
