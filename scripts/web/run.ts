/** The runner and the checks in a page: the same suites, engines, laws and rows as the commands. */

import { type EngineEntry, type EngineName, engines } from "../../impls/engines/index.js";
import { implementations } from "../../impls/index.js";
import type { CaseRecord } from "../../reports/rows/row.js";
import { chooseSuites } from "../../suites/index.js";
import { formsAgree } from "../../suites/laws/forms-agree.js";
import { type Progress, run } from "../../suites/measure/run.js";
import { openAndPlan } from "../../suites/plan/opening.js";
import type { Spec } from "../../suites/problems/spec.js";
import { browserHost } from "../../suites/processes/host.browser.js";
import type { Grid } from "../../suites/suite.js";
import { localPlace } from "../../suites/verify/evaluate.js";
import { subjectsFor } from "../../suites/verify/subject.js";
import { COMMIT, VERSION } from "./record.js";

/** Engines that a page can load. */
export const PAGE_ENGINES: readonly EngineEntry[] = engines.filter(({ inPage }) => inPage);

/** What a reader chooses: the same words as the command's flags. */
export interface PageChoice {
  /** All that are here where none is named. */
  readonly engines: readonly EngineName[];
  /** Those of the figure where none is named. */
  readonly suites?: readonly string[];
  readonly grid: Grid;
  readonly filter?: string;
}

export interface PageRun extends PageChoice {
  readonly signal?: AbortSignal;
  onRecord?(record: CaseRecord): void;
  onProgress?(progress: Progress): void;
  /** An engine that this browser lacks, and why; filters that match nothing. */
  onRemark?(sentence: string): void;
}

/**
 * Verifies and times the suites' cases on the engines that are here.
 * @throws one sentence when none is, or no case matches
 */
export async function bench(options: PageRun): Promise<CaseRecord[]> {
  const { engines: names, suites = [], grid, filter, signal, onRecord, onProgress, onRemark } = options;
  const host = browserHost();
  try {
    const { pool, targets, groups } = await openAndPlan(host, {
      ...{ impls: implementations, entries: PAGE_ENGINES, files: [], engines: names },
      ...{ suites: chooseSuites(suites), grid, seed: 0 },
      filter: filter || null,
      originMs: host.nowMs(),
      ...(onRemark ? { say: onRemark } : {}),
    });
    const records: CaseRecord[] = [];
    const facts = {
      seed: 0,
      commit: COMMIT,
      cpu: undefined,
      made: () => ({ version: VERSION }),
      repeat: () => "the same page, engine and grid",
      timeUtc: () => new Date().toISOString(),
    };
    const emit = (made: readonly CaseRecord[]) => {
      records.push(...made);
      for (const record of made) onRecord?.(record);
    };
    await run(groups, {
      ...{ grid, seed: 0, host, pool, targets, facts, emit },
      ...(signal ? { signal } : {}),
      ...(onProgress ? { progress: onProgress } : {}),
    });
    return records;
  } finally {
    await host.close();
  }
}

function entryOf(engine: EngineName): EngineEntry {
  return engines.find(({ name }) => name === engine)!;
}

/** One check of one implementation against the float64 reference. */
export interface Check {
  readonly name: string;
  /** undefined where the bound holds. */
  readonly violation: string | undefined;
  /** Largest error over its certified bound. */
  readonly ratio: number | undefined;
}

/** Holds every implementation of an engine against the reference on the given problems. */
export async function verify(engine: EngineName, specs: readonly Spec[]): Promise<Check[]> {
  const entry = entryOf(engine);
  const { open } = await entry.load();
  const place = localPlace(await open(undefined, { named: true }), undefined, entry);
  const checks: Check[] = [];
  try {
    for (const spec of specs)
      for (const [index, impl] of implementations.entries()) {
        if (impl.engine !== engine || impl.operator.name !== spec.operator) continue;
        for (const subject of await subjectsFor({ impl, index, place }, spec)) {
          const finding = await formsAgree.holds({ spec }, subject);
          const violation = finding && !finding.ok ? finding.violation : undefined;
          checks.push({ name: subject.name, violation, ratio: finding?.verdict?.ratio });
        }
      }
    return checks;
  } finally {
    await place.close();
  }
}
