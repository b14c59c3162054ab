/** Several folders of one measurement: shards of one plan on machines of one kind, or one run alone. */
import { machineKind } from "./machine.js";
import type { CaseRecord, RunRecord } from "./row.js";
import { readRun, StoreError } from "./store.js";

export interface MergedRun {
  readonly run: RunRecord;
  readonly cases: readonly CaseRecord[];
}

/** Folders that must not stand in one curve. */
export class ForeignRun extends Error {
  override readonly name = "ForeignRun";
}

/**
 * Rows of all folders under the first one's run record, with the ids of all plans.
 * @throws StoreError when a folder cannot be read or two hold the same case; ForeignRun when machine, commit, grid or seed differ
 */
export function mergeRuns(folders: readonly string[]): MergedRun {
  const runs = folders.map((folder) => ({ folder, ...readRun(folder) }));
  const [first, ...others] = runs;
  for (const other of others)
    for (const [what, of] of COMPARED) {
      const [there, here] = [of(first.run), of(other.run)];
      if (there !== here)
        throw new ForeignRun(
          `${other.folder} differs from ${first.folder} in its ${what} (${here}, not ${there}); report them apart`,
        );
    }
  const seen = new Map<string, string>();
  for (const { folder, cases } of runs)
    for (const { row } of cases) {
      const key = `${row.suite} ${row.id}`;
      const before = seen.get(key);
      if (before !== undefined)
        throw new StoreError(`${folder} and ${before} both hold ${key}; give each shard of one plan once`);
      seen.set(key, folder);
    }
  const ids = [...new Set(runs.flatMap(({ run }) => run.plan.ids))];
  return {
    run: { ...first.run, plan: { ...first.run.plan, ids } },
    cases: runs.flatMap(({ cases }) => cases),
  };
}

/** What two runs must share before their times may be drawn as one curve. */
const COMPARED: readonly (readonly [string, (run: RunRecord) => string])[] = [
  ["machine", ({ environment }) => machineKind(environment)],
  [
    "commit",
    ({ environment }) =>
      `${environment.commit ?? "unknown"}${environment.dirty === true ? " with changes" : ""}`,
  ],
  ["grid", ({ plan }) => plan.grid],
  ["seed", ({ plan }) => String(plan.seed)],
];
