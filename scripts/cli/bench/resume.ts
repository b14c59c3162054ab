/** `--resume DIR`: the stored plan, what is done of it, and whether this is the machine and the code that began it. */
import { basename, resolve } from "node:path";
import { planId } from "../../../reports/rows/case-id.js";
import { StoreError } from "../../../reports/rows/errors.js";
import { differencesOf } from "../../../reports/rows/machine.js";
import type { CaseRecord, RunRecord } from "../../../reports/rows/row.js";
import { readRun, type StoredRun } from "../../../reports/rows/store.js";
import { History } from "../../../suites/budget/predict.js";
import type { Environment } from "../../../suites/measure/environment.js";
import type { Case, Group } from "../../../suites/plan/case.js";
import { EXIT, Stop, usageError, warnAll } from "../exit.js";
import type { BenchOptions, PlanOptions } from "./options.js";
import { type Code, changesOf, codeOf } from "./stored-code.js";
import { storedPlan } from "./stored-plan.js";

export interface Earlier {
  readonly run: RunRecord;
  readonly plan: PlanOptions;
  readonly cases: readonly CaseRecord[];
  /** `suite<TAB>id` */
  readonly done: ReadonlySet<string>;
  readonly spentNs: number;
  history(groups: readonly Group[]): History;
  /**
   * Whether this machine and this code may go on.
   * @returns without what begins anew, and `suite<TAB>id`s of that. @throws Stop when they may not
   */
  check(environment: Environment, groups: readonly Group[], originOf: OriginOf): Continued;
}

export type Continued = Pick<Earlier, "cases" | "done"> & { readonly anew: readonly string[] };

/** The file of the user that a case's implementation came from. */
export type OriginOf = (one: Case) => string | undefined;

/** @throws Stop when the folder holds no run or a flag contradicts it */
export function earlierRun(options: BenchOptions, folder: string): Earlier {
  const stored = read(folder);
  const { run, cases, resumes } = stored;
  if (stored.headless)
    throw usageError(
      `${folder} has no record of how its run was made, so nothing can go on with it; run again`,
    );
  warnAll(stored.faults);
  const plan = storedPlan(run.plan.options, folder);
  const files = sameFiles(options, plan, folder);
  refuseConflicts(options, plan, folder);
  return {
    run,
    plan: { ...plan, impl: files },
    cases,
    done: doneOf(cases),
    spentNs: spentNs([run.startedUtc, ...resumes.map(({ startedUtc }) => startedUtc)], cases),
    history: (groups) => replay(groups, cases),
    check(environment, groups, originOf) {
      refuseForeign(run.environment, environment, folder);
      const changes = changesOf(lastCode(stored), codeOf(environment), packagesOf(cases));
      if (changes.length > 0 && !options.anew)
        throw new Stop(
          EXIT.inconclusive,
          `${folder} was measured with other code: ${changes.map(({ words }) => words).join("; ")}; ` +
            "go back to that code, start a new run, or let --resume with --anew measure those curves again",
        );
      const files = changes.map(({ file }) => file);
      const changed = (one: Case) => {
        const origin = originOf(one);
        return files.includes(undefined) || (origin !== undefined && files.includes(basename(origin)));
      };
      const gone = new Set(
        groups.flatMap((group) =>
          group.cases.filter(changed).flatMap(({ id, suites }) => suites.map((suite) => planId(suite, id))),
        ),
      );
      const kept = cases.filter(({ row }) => !gone.has(planId(row.suite, row.id)));
      const done = doneOf(cases);
      return { cases: kept, done: doneOf(kept), anew: [...gone].filter((key) => done.has(key)) };
    },
  };
}

function doneOf(cases: readonly CaseRecord[]): Set<string> {
  return new Set(cases.map(({ row }) => planId(row.suite, row.id)));
}

function read(folder: string): StoredRun {
  try {
    return readRun(folder);
  } catch (error) {
    throw error instanceof StoreError ? usageError(error.message) : error;
  }
}

/** Packages that took part in what was measured. */
function packagesOf(cases: readonly CaseRecord[]): Set<string> {
  return new Set(cases.flatMap(({ row }) => Object.keys(row.packages ?? {})));
}

/** Of whoever measured last: what was begun anew counts from there. */
function lastCode({ run, resumes }: StoredRun): Code {
  return codeOf((resumes.at(-1) ?? run).environment);
}

/**
 * The modules of the user that the plan names, as typed: a folder that somebody sent is data, and loads no code that the command does
 * not name too. They may lie elsewhere by now; their hashes are compared.
 * @throws Stop
 */
function sameFiles({ typed }: BenchOptions, plan: PlanOptions, folder: string): readonly string[] {
  const files = (typed.impl ?? []).map((file) => resolve(file));
  const names = (paths: readonly string[]) => paths.map((path) => basename(path)).join("\0");
  if (names(files) === names(plan.impl)) return files;
  const flags = plan.impl.map((file) => `--impl ${file}`).join(" ");
  if (plan.impl.length === 0)
    throw usageError(`--impl contradicts the stored plan of ${folder}, which has none; start a new run`);
  throw usageError(
    `the run in ${folder} has kernels of ${plan.impl.join(", ")}; a folder's files are loaded only when the command names them: ` +
      `look at them, then add ${flags}`,
  );
}

function refuseConflicts({ typed, out }: BenchOptions, plan: PlanOptions, folder: string): void {
  for (const [key, value] of Object.entries(typed) as [keyof PlanOptions, unknown][]) {
    if (key !== "impl" && JSON.stringify(value) !== JSON.stringify(plan[key]))
      throw usageError(
        `--${key} contradicts the stored plan of ${folder}, which has ${show(plan[key])}; leave the flag out, or start a new run`,
      );
  }
  if (out !== undefined && resolve(out) !== resolve(folder))
    throw usageError(`--out ${out} contradicts --resume ${folder}; leave --out out`);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? value.join(", ") : "none";
  return value === null ? "none" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function refuseForeign(before: RunRecord["environment"], now: Environment, folder: string): void {
  const differences = differencesOf(now, before);
  if (differences.length > 0)
    throw new Stop(
      EXIT.inconclusive,
      `${folder} was measured on another machine: this is ${differences.join("; ")}; start a new run here`,
    );
}

/** Time from each start to the last case before the next one. */
function spentNs(starts: readonly string[], cases: readonly CaseRecord[]): number {
  const ends = cases.map(({ row }) => Date.parse(row.timeUtc));
  return starts
    .map((start, i) => {
      const from = Date.parse(start);
      const to = i + 1 < starts.length ? Date.parse(starts[i + 1]) : Number.POSITIVE_INFINITY;
      const inside = ends.filter((end) => end >= from && end < to);
      return inside.reduce((most, end) => Math.max(most, end - from), 0);
    })
    .reduce((sum, ms) => sum + ms * 1e6, 0);
}

function replay(groups: readonly Group[], records: readonly CaseRecord[]): History {
  const history = new History();
  const rows = new Map(records.map(({ row }) => [row.id, row]));
  for (const planned of groups.flatMap(({ cases }) => cases)) {
    const row = rows.get(planned.id);
    if (row?.status === "measured") history.add(planned, { runNs: row.medianNs, bytes: row.peakBytes });
  }
  return history;
}
