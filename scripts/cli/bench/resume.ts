/** `--resume DIR`: the stored plan, what is done of it, and whether this is the machine and the code that began it. */
import { resolve } from "node:path";
import { planId } from "../../../reports/rows/case-id.js";
import { StoreError } from "../../../reports/rows/errors.js";
import { machineKind, mayBeOne } from "../../../reports/rows/machine.js";
import type { CaseRecord, RunRecord } from "../../../reports/rows/row.js";
import { readRun } from "../../../reports/rows/store.js";
import { History } from "../../../suites/budget/predict.js";
import type { Environment } from "../../../suites/measure/environment.js";
import type { Group } from "../../../suites/plan/plan.js";
import { EXIT, Stop, usageError } from "../exit.js";
import { type BenchOptions, DEFAULTS, type PlanOptions } from "./options.js";

export interface Earlier {
  readonly run: RunRecord;
  readonly plan: PlanOptions;
  readonly cases: readonly CaseRecord[];
  /** `suite<TAB>id` */
  readonly done: ReadonlySet<string>;
  readonly spentNs: number;
  history(groups: readonly Group[]): History;
  /** @throws Stop when machine or commit are others */
  check(environment: Environment): void;
}

/** @throws Stop when the folder holds no run or a flag contradicts it */
export function earlierRun(options: BenchOptions, folder: string): Earlier {
  let stored: ReturnType<typeof readRun>;
  try {
    stored = readRun(folder);
  } catch (error) {
    throw error instanceof StoreError ? usageError(error.message) : error;
  }
  const { run, cases, resumes } = stored;
  const plan: PlanOptions = { ...DEFAULTS, ...(run.plan.options as Partial<PlanOptions>) };
  refuseConflicts(options, plan, folder);
  return {
    run,
    plan,
    cases,
    done: new Set(cases.map(({ row }) => planId(row.suite, row.id))),
    spentNs: spentNs([run.startedUtc, ...resumes.map(({ startedUtc }) => startedUtc)], cases),
    history: (groups) => replay(groups, cases),
    check: (environment) => refuseForeign(run.environment as unknown as Environment, environment, folder),
  };
}

function refuseConflicts({ typed, out }: BenchOptions, plan: PlanOptions, folder: string): void {
  for (const [key, value] of Object.entries(typed) as [keyof PlanOptions, unknown][]) {
    const wanted = key === "impl" ? (value as string[]).map((file) => resolve(file)) : value;
    if (JSON.stringify(wanted) !== JSON.stringify(plan[key]))
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

function refuseForeign(before: Environment, now: Environment, folder: string): void {
  const [there, here] = [machineKind(before), machineKind(now)];
  if (!mayBeOne(there, here))
    throw new Stop(
      EXIT.inconclusive,
      `${folder} was measured on another machine (${there}), this is ${here}; start a new run here`,
    );
  const code = ({ commit, dirty }: Environment) => `${commit ?? "unknown"}${dirty ? " with changes" : ""}`;
  if (code(before) !== code(now))
    throw new Stop(
      EXIT.inconclusive,
      `${folder} was measured at commit ${code(before)}, this is ${code(now)}; check that commit out, or start a new run`,
    );
}

/** Time from each start to the last case before the next one. */
function spentNs(starts: readonly string[], cases: readonly CaseRecord[]): number {
  const ends = cases.map(({ row }) => Date.parse(row.timeUtc));
  return starts
    .map((start, i) => {
      const from = Date.parse(start);
      const to = i + 1 < starts.length ? Date.parse(starts[i + 1]) : Number.POSITIVE_INFINITY;
      return Math.max(0, ...ends.filter((end) => end >= from && end < to).map((end) => end - from));
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
