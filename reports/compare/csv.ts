/** compare.csv: one row a case, base units in the column names. */
import { stringify } from "csv-stringify/sync";
import type { ComparedCase, Comparison } from "../analysis/compare/compare.js";

const COLUMNS: readonly (readonly [
  name: string,
  value: (one: ComparedCase) => string | number | undefined,
])[] = [
  ["machine", (one) => one.machine],
  ["device", (one) => one.device],
  ["id", (one) => one.id],
  ["runs_before", (one) => one.runs[0]],
  ["runs_after", (one) => one.runs[1]],
  ["before_ns", (one) => one.beforeNs],
  ["after_ns", (one) => one.afterNs],
  ["ratio", (one) => one.ratio],
  ["ci99_low", (one) => finite(one.low)],
  ["ci99_high", (one) => finite(one.high)],
  ["verdict", (one) => one.verdict],
  ["smallest_visible_change", (one) => finite(one.smallest)],
  ["runs_needed", (one) => one.runsNeeded],
  ["ceiling_drift", (one) => one.drift],
];

export function compareCsv({ machines }: Comparison): string {
  const cases = machines.flatMap((machine) => machine.cases);
  return stringify([
    COLUMNS.map(([name]) => name),
    ...cases.map((one) => COLUMNS.map(([, value]) => value(one))),
  ]);
}

/** No end is an empty field. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) && value > 0 ? value : undefined;
}
