/** Errors over bounds by implementation: the table that `verify` prints. */
import type { Spec } from "../problems/spec.js";
import { isOrdinary } from "../problems/spec.js";
import type { Verdict } from "./compare.js";

export interface TableRow {
  readonly implementation: string;
  /** Runs that were held against the reference. */
  readonly problems: number;
  readonly worst: number;
  readonly median: number;
  /** Median over ordinary problems of probable bound / error, each at its worst element. */
  readonly tightness: number;
  /** Largest error / probable bound over ordinary problems. */
  readonly probableWorst: number;
  readonly checks: number;
  readonly failed: number;
  /** Checks on sizes that its fastest kernels take; undefined where they take all. */
  readonly fitting?: number;
}

interface Column {
  readonly ratios: number[];
  readonly tightness: number[];
  probableWorst: number;
  checks: number;
  failed: number;
  fitting?: number;
}

export interface Table {
  /** @param name of the implementation, with what tells it apart from others of its form */
  add(name: string, spec: Spec, verdict: Verdict): void;
  /** @param fits the sizes are those of its fastest kernels; undefined where they take all */
  count(name: string, ok: boolean, fits?: boolean): void;
  rows(): TableRow[];
}

export function tableOf(): Table {
  const columns = new Map<string, Column>();
  const column = (name: string) => {
    let found = columns.get(name);
    if (!found) {
      found = { ratios: [], tightness: [], probableWorst: 0, checks: 0, failed: 0 };
      columns.set(name, found);
    }
    return found;
  };
  return {
    add(name, spec, { ratio, probableRatio }) {
      const mine = column(name);
      mine.ratios.push(ratio);
      if (!isOrdinary(spec)) return;
      mine.probableWorst = Math.max(mine.probableWorst, probableRatio);
      // an error of exactly zero says nothing about the bound's tightness
      if (probableRatio > 0) mine.tightness.push(1 / probableRatio);
    },
    count(name, ok, fits) {
      const mine = column(name);
      mine.checks++;
      if (fits !== undefined) mine.fitting = (mine.fitting ?? 0) + (fits ? 1 : 0);
      if (!ok) mine.failed++;
    },
    rows: () =>
      [...columns].map(([implementation, { ratios, tightness, ...rest }]) => ({
        implementation,
        problems: ratios.length,
        worst: ratios.reduce((a, b) => Math.max(a, b), 0),
        median: median(ratios),
        tightness: median(tightness),
        ...rest,
      })),
  };
}

function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The last column is there where an implementation has kernels for some sizes only. */
export function formatTable(rows: readonly TableRow[]): string[] {
  const grained = rows.some(({ fitting }) => fitting !== undefined);
  const header = [
    "implementation",
    "checks",
    "failed",
    "worst error/bound",
    "median",
    "worst/probable",
    "tightness",
    ...(grained ? ["on fast sizes"] : []),
  ];
  const lines = rows.map((row) => [
    row.implementation,
    String(row.checks),
    String(row.failed),
    digits(row.worst),
    digits(row.median),
    digits(row.probableWorst),
    digits(row.tightness),
    ...(grained ? [row.fitting === undefined ? "-" : `${row.fitting} of ${row.checks}`] : []),
  ]);
  const widths = header.map((_, i) => Math.max(...[header, ...lines].map((line) => line[i].length)));
  return [header, ...lines].map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd(),
  );
}

function digits(value: number): string {
  if (Number.isNaN(value)) return "-";
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "inf";
}
