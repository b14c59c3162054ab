/** The runner and the checks in a page: the same suites, engines, laws and rows as the commands. */

import { type EngineEntry, type EngineName, engines } from "../../impls/engines/index.js";
import { implementations } from "../../impls/index.js";
import type { CaseRecord } from "../../reports/rows/row.js";
import { chooseSuites } from "../../suites/index.js";
import { formsAgree } from "../../suites/laws/forms-agree.js";
import { run } from "../../suites/measure/run.js";
import { openAndPlan } from "../../suites/plan/opening.js";
import type { Spec } from "../../suites/problems/spec.js";
import { browserHost } from "../../suites/processes/host.browser.js";
import type { Grid } from "../../suites/suite.js";
import { localPlace } from "../../suites/verify/evaluate.js";
import { subjectsFor } from "../../suites/verify/subject.js";
import { VERSION } from "./record.js";

/** Engines that a page can load. */
export const PAGE_ENGINES: readonly EngineEntry[] = engines.filter(({ inPage }) => inPage);

export interface PageRun {
  readonly engine: EngineName;
  readonly grid: Grid;
  /** As `--filter` of the command. */
  readonly filter?: string;
  readonly signal?: AbortSignal;
  onRecord?(record: CaseRecord): void;
}

/**
 * Verifies and times the suites' cases on one engine.
 * @throws one sentence when this browser lacks the engine
 */
export async function bench({ engine, grid, filter, signal, onRecord }: PageRun): Promise<CaseRecord[]> {
  const host = browserHost();
  try {
    const { pool, targets, groups } = await openAndPlan(host, {
      ...{ impls: implementations, entries: engines, files: [], engines: [engine] },
      ...{ suites: chooseSuites([]), grid, seed: 0 },
      filter: filter || null,
      originMs: host.nowMs(),
    });
    const records: CaseRecord[] = [];
    const facts = {
      seed: 0,
      commit: "unknown",
      cpu: undefined,
      made: () => ({ version: VERSION }),
      repeat: () => "the same page, engine and grid",
      timeUtc: () => new Date().toISOString(),
    };
    const emit = (made: readonly CaseRecord[]) => {
      records.push(...made);
      for (const record of made) onRecord?.(record);
    };
    await run(groups, { grid, seed: 0, host, pool, targets, facts, emit, ...(signal ? { signal } : {}) });
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
