/** The columns of the table of all rows: text to show and value to sort by. */
import { formatBytes, formatDuration, formatInterval, formatNumber, formatRate } from "../format.js";
import type { Row } from "../rows/row.js";

export interface Cell {
  readonly text: string;
  /** Numbers sort as numbers, in base units; undefined sorts last. */
  readonly value: string | number | undefined;
}

export interface Column {
  readonly title: string;
  readonly numeric: boolean;
  cell(row: Row): Cell;
}

const text = (title: string, pick: (row: Row) => string | undefined): Column => ({
  title,
  numeric: false,
  cell: (row) => ({ text: pick(row) ?? "", value: pick(row) }),
});

const number = (
  title: string,
  pick: (row: Row) => number | undefined,
  show: (value: number) => string = String,
): Column => ({
  title,
  numeric: true,
  cell: (row) => {
    const value = pick(row);
    return { text: value === undefined ? "" : show(value), value };
  },
});

export const COLUMNS: readonly Column[] = [
  text("Suite", (row) => row.suite),
  text("Case", (row) => row.id),
  text("Device", (row) => row.device),
  text("Status", (row) => row.status),
  number("Median", medianNs, formatDuration),
  {
    title: "95% interval",
    numeric: true,
    cell: (row) =>
      row.status === "measured"
        ? { text: formatInterval(row.ci95LowNs, row.ci95HighNs), value: row.ci95HighNs - row.ci95LowNs }
        : { text: "", value: undefined },
  },
  number("Samples", (row) => (row.status === "measured" ? row.samples : undefined)),
  {
    title: "Error / bound (u)",
    numeric: true,
    cell: (row) =>
      "boundU" in row && row.boundU !== undefined && row.errorU !== undefined
        ? {
            text: `${formatNumber(row.errorU)} / ${formatNumber(row.boundU)}`,
            value: row.errorU / row.boundU,
          }
        : { text: "", value: undefined },
  },
  number(
    "Rate",
    (row) => (row.status === "measured" ? row.flopsPerS : undefined),
    (perS) => formatRate(perS, "FLOP/s"),
  ),
  number(
    "Of roofline",
    (row) => (row.status === "measured" ? row.rooflineFraction : undefined),
    (fraction) => `${formatNumber(100 * fraction)}%`,
  ),
  number("Memory", (row) => (row.status === "measured" ? row.peakBytes : undefined), formatBytes),
  text("Reason", (row) => row.reason),
];

function medianNs(row: Row): number | undefined {
  return row.status === "measured" ? row.medianNs : undefined;
}

export function cells(row: Row): Cell[] {
  return COLUMNS.map((column) => column.cell(row));
}
