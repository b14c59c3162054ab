/** The runner and the checks in a page: the same suites, engines, laws and rows as the commands. */

import type { EngineName } from "../../impls/engines/index.js";
import { engines } from "../../impls/engines/index.js";
import { implementations } from "../../impls/index.js";
import type { CaseRecord } from "../../reports/rows/row.js";
import { chooseSuites } from "../../suites/index.js";
import { formsAgree } from "../../suites/laws/forms-agree.js";
import { run } from "../../suites/measure/run.js";
import { parseFilter } from "../../suites/plan/filter.js";
import { makePlan } from "../../suites/plan/plan.js";
import type { Spec } from "../../suites/problems/spec.js";
import { EnginePool } from "../../suites/processes/engine-pool.js";
import { browserHost } from "../../suites/processes/host.browser.js";
import type { Grid } from "../../suites/suite.js";
import { localPlace } from "../../suites/verify/evaluate.js";
import { subjectsFor } from "../../suites/verify/subject.js";
import { VERSION } from "./record.js";

/** Engines that a page can load. */
export const PAGE_ENGINES: readonly EngineName[] = ["webgpu", "cpu"];

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
  const matches = filter ? parseFilter(filter) : undefined;
  try {
    const pool = new EnginePool(host, [], host.nowMs());
    const { targets, absent } = await pool.discover([{ engine, device: undefined, named: true }]);
    if (absent[0]) throw new Error(absent[0].reason);
    const groups = await makePlan({
      suites: chooseSuites([]),
      grid,
      seed: 0,
      impls: implementations,
      targets,
      describe: async (target, questions) =>
        (await pool.link(target)).link.call("describe", { questions }, Number.POSITIVE_INFINITY),
      keep: (_suite, id) => matches?.(id) ?? true,
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
  const module = await engines.find(({ name }) => name === engine)!.load();
  const place = localPlace(await module.open(undefined, { named: true }), undefined);
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
