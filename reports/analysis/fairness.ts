/** The fairness sheet: what each curve's time is of, and in what two curves of one comparison are not equal. */

import { markdownTable } from "../markdown.js";
import type { Measured, Row } from "../rows/row.js";
import { type Curve, measuredOf } from "./curves.js";
import { implementationLabel } from "./names.js";
import { chunksOf, groupBy, seriesOf, xKeyOf } from "./series.js";

export const SHEET_TITLES = [
  "Curve",
  "Device",
  "dtype",
  "Sums",
  "Timed",
  "Clock",
  "Launch",
  "Cache",
  "Threads",
  "BLAS",
] as const;

/** One line a curve, in the order of SHEET_TITLES; curves whose rows do not say have blanks. */
export function fairnessSheet(rows: readonly Row[]): string[][] {
  const lines = new Map<string, string[]>();
  for (const [suite, members] of groupBy(rows, (row) => row.suite)) {
    const xKey = xKeyOf(suite, members);
    for (const series of seriesOf(members, xKey).values()) {
      const measured = series.filter((row) => row.status === "measured");
      if (measured.length === 0) continue;
      const name = `${series[0].operator}/${implementationLabel(series[0], chunksOf(series))}`;
      const line = [name, ...conditions(measured)];
      // a curve over length and the same over state are told apart elsewhere
      lines.set(line.join("\t"), line);
    }
  }
  return [...lines.values()];
}

function conditions(rows: readonly Measured[]): string[] {
  const all = (pick: (row: Measured) => string | number | undefined) =>
    [...new Set(rows.map(pick))].filter((value) => value !== undefined).join(" or ");
  return [
    all((row) => row.device),
    all((row) => row.dtype),
    all((row) => row.fairness?.accumulation),
    all((row) => row.fairness?.timed),
    all((row) => row.clock),
    all((row) => row.fairness?.launch),
    all((row) => row.fairness?.cache ?? row.cache),
    all(threadsOf),
    all((row) => row.fairness?.blas),
  ];
}

function threadsOf(row: Measured): number {
  return row.fairness?.threads ?? row.threads ?? 1;
}

/** The sheet as a table in Markdown, which is readable in a terminal too. */
export function fairnessMarkdown(rows: readonly Row[]): string[] {
  const lines = fairnessSheet(rows);
  if (lines.length === 0) return [];
  return markdownTable(SHEET_TITLES, lines);
}

/** In what the measured points of curves that stand side by side differ; undefined when they are equal in all that counts. */
export function inequality(curves: readonly Curve[]): string | undefined {
  const rows = curves.flatMap((curve) =>
    measuredOf(curve).flatMap(({ row }) => (row.status === "measured" ? [row] : [])),
  );
  const differing = (what: string, pick: (row: Measured) => string | number) => {
    const values = [...new Set(rows.map(pick))].sort();
    return values.length > 1 ? [`${what} ${values.join(" and ")}`] : [];
  };
  const found = [
    ...differing("dtype", (row) => row.dtype),
    ...differing("threads", threadsOf),
    ...differing("clock", (row) => row.clock),
    ...differing("products in", (row) => (row.fairness?.accumulation.includes("TF32") ? "TF32" : "full")),
  ];
  return found.length === 0 ? undefined : `Not equal: ${found.join("; ")}`;
}
