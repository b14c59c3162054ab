/** Cases over commits: runs of one machine in the order in which they were started. No line ever holds two machines. */
import { differencesOf, machineKind } from "../../rows/machine.js";
import type { Measured, Row } from "../../rows/row.js";
import { groupBy } from "../series.js";
import { ratioInterval } from "../speedup.js";

export interface HistoryRun {
  readonly environment: unknown;
  readonly startedUtc: string;
  readonly rows: readonly Row[];
}

export interface HistoryPoint {
  /** Place of its run, from 0 on. */
  readonly at: number;
  readonly commit: string;
  readonly startedUtc: string;
  readonly row: Measured;
  /** Time over that of the first run that has the case, with its 95% interval: above 1 is slower. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

export interface HistoryCase {
  readonly id: string;
  readonly points: readonly HistoryPoint[];
}

export interface MachineHistory {
  readonly machine: string;
  /** Short commits of its runs, the first one first. */
  readonly commits: readonly string[];
  /** Those that two runs measured, the one that changed most first. */
  readonly cases: readonly HistoryCase[];
}

export function historyOf(runs: readonly HistoryRun[]): MachineHistory[] {
  const kinds: HistoryRun[][] = [];
  for (const run of runs.toSorted((a, b) => (a.startedUtc < b.startedUtc ? -1 : 1))) {
    const own = kinds.find(([first]) => differencesOf(first.environment, run.environment).length === 0);
    if (own) own.push(run);
    else kinds.push([run]);
  }
  return kinds.map((own) => ({
    machine: machineKind(own[0].environment),
    commits: own.map(({ rows }) => rows[0]?.commit.slice(0, 12) ?? "unknown"),
    cases: casesOf(own),
  }));
}

function casesOf(runs: readonly HistoryRun[]): HistoryCase[] {
  const all = runs.flatMap(({ startedUtc, rows }, at) =>
    rows.flatMap((row) => (row.status === "measured" ? [{ at, startedUtc, row }] : [])),
  );
  return [...groupBy(all, ({ row }) => `${row.id}\t${row.device}`).values()]
    .map((own) => [...new Map(own.map((one) => [one.at, one])).values()])
    .filter((own) => own.length > 1)
    .map((own) => ({
      id: own[0].row.id,
      points: own.map(({ at, startedUtc, row }) => ({
        ...{ at, startedUtc, row, commit: row.commit.slice(0, 12) },
        ...against(own[0].row, row),
      })),
    }))
    .toSorted((a, b) => change(b) - change(a) || (a.id < b.id ? -1 : 1));
}

function against(first: Measured, row: Measured) {
  if (first === row)
    return { ratio: 1, low: row.ci95LowNs / row.medianNs, high: row.ci95HighNs / row.medianNs };
  const timed = ({ medianNs, ci95LowNs, ci95HighNs }: Measured) => ({
    ns: medianNs,
    lowNs: ci95LowNs,
    highNs: ci95HighNs,
  });
  return ratioInterval(timed(first), timed(row));
}

/** How far its times are apart, on the log scale. */
function change({ points }: HistoryCase): number {
  const logs = points.map(({ ratio }) => Math.log(ratio));
  return Math.max(...logs) - Math.min(...logs);
}
