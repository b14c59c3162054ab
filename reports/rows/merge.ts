/** Several run folders as one: shards of one plan, or runs of one machine kind. No curve, and no panel, ever holds two machines. */

import { curveName, groupBy, xKeyOf } from "../analysis/curves.js";
import { mayBeOne } from "./machine.js";
import type { Row, RunRecord } from "./row.js";

export interface Source {
  /** As the person typed it. */
  readonly folder: string;
  readonly run: RunRecord;
  readonly rows: readonly Row[];
  /** What two machines must have in common. */
  readonly machine: string;
}

export interface Merged {
  readonly run: RunRecord;
  readonly rows: readonly Row[];
  /** Sentences for stderr about what a reader would not expect. */
  readonly notes: readonly string[];
}

/** A merge that would mislead, in one sentence. */
export class MergeError extends Error {
  override readonly name = "MergeError";
}

/** @throws MergeError */
export function mergeRuns(sources: readonly Source[]): Merged {
  const [first, ...rest] = sources;
  if (rest.length === 0) return { run: first.run, rows: first.rows, notes: [] };
  refuseMixture(sources);
  const { rows, repeated } = lastOfEach(sources);
  const runs = sources.map(({ run }) => run);
  const starts = runs.map(({ startedUtc }) => startedUtc).toSorted();
  const run: RunRecord = {
    ...first.run,
    command: [...new Set(runs.map(({ command }) => command))].join("; "),
    plan: { ...first.run.plan, ids: [...new Set(runs.flatMap(({ plan }) => plan.ids))] },
    startedUtc: starts[0],
  };
  const notes: string[] = [];
  if (repeated > 0) notes.push(`${repeated} cases are in several folders; the ones measured last count`);
  for (const [what, values] of [
    ["commits", rows.map(({ commit }) => commit)],
    ["seeds", rows.map(({ seed }) => String(seed))],
  ] as const) {
    const different = [...new Set(values)];
    if (different.length > 1)
      notes.push(`the merged rows come from several ${what}: ${different.join(", ")}`);
  }
  return { run, rows, notes };
}

/** Neither one curve nor one device's name may stand for two machines. */
function refuseMixture(sources: readonly Source[]): void {
  const owner = new Map<string, Source>();
  const take = (key: string, source: Source, what: string) => {
    const earlier = owner.get(key);
    if (earlier && !mayBeOne(earlier.machine, source.machine))
      throw new MergeError(
        `${what} would mix two machines, ${earlier.machine} (${earlier.folder}) and ` +
          `${source.machine} (${source.folder}); report each folder by itself`,
      );
    owner.set(key, source);
  };
  for (const source of sources)
    for (const [suite, rows] of groupBy(source.rows, (row) => row.suite)) {
      const xKey = xKeyOf(suite, rows);
      for (const row of rows) {
        const curve = curveName(row, xKey);
        take(`${suite}\t${curve}`, source, `the curve ${curve} of ${suite}`);
        take(`device ${row.device}`, source, `the panels of ${row.device}`);
      }
    }
}

function lastOfEach(sources: readonly Source[]): { rows: Row[]; repeated: number } {
  const all = sources.flatMap(({ rows }) => rows);
  const byCase = new Map<string, Row>();
  for (const row of all) {
    const key = `${row.suite}\t${row.id}\t${row.device}`;
    const earlier = byCase.get(key);
    if (!earlier || better(row, earlier)) byCase.set(key, row);
  }
  return { rows: [...byCase.values()], repeated: all.length - byCase.size };
}

/** A case that ran says more than one that was skipped; between equals the later counts. */
function better(row: Row, earlier: Row): boolean {
  const ran = ({ status }: Row) => (status === "skipped" ? 0 : 1);
  return ran(row) - ran(earlier) > 0 || (ran(row) === ran(earlier) && row.timeUtc >= earlier.timeUtc);
}
