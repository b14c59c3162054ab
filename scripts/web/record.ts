/** What the page offers as a file: the same records as a run folder of the command, so that `report` reads it. */
import { planId } from "../../reports/rows/case-id.js";
import type { CaseRecord, RunRecord } from "../../reports/rows/row.js";

export interface PageFacts {
  readonly engines: readonly string[];
  readonly suites?: readonly string[];
  readonly grid: string;
  readonly filter?: string;
  readonly startedUtc: string;
  readonly browser: string;
  readonly cores: number;
}

declare const DUALBENCH_VERSION: string | undefined;
declare const DUALBENCH_COMMIT: string | undefined;

/** Of dualbench; the build of the page puts it here. */
export const VERSION = typeof DUALBENCH_VERSION === "undefined" ? "unknown" : DUALBENCH_VERSION;

/** That the page was built from. */
export const COMMIT = typeof DUALBENCH_COMMIT === "undefined" ? "unknown" : DUALBENCH_COMMIT;

/** The text of a results.jsonl. */
export function resultsText(facts: PageFacts, records: readonly CaseRecord[]): string {
  return [runRecord(facts, records), ...records].map((record) => `${JSON.stringify(record)}\n`).join("");
}

function runRecord(facts: PageFacts, records: readonly CaseRecord[]): RunRecord {
  const { engines, suites = [], grid, filter = "", startedUtc, browser, cores } = facts;
  return {
    record: "run",
    version: 1,
    command: `the page, engine ${engines.join(", ") || "all that are here"}, grid ${grid}${filter === "" ? "" : `, filter ${filter}`}`,
    plan: {
      grid,
      seed: records[0]?.row.seed ?? 0,
      options: { engine: engines, suite: suites, filter: filter === "" ? null : filter, grid },
      ids: records.map(({ row }) => planId(row.suite, row.id)),
    },
    environment: { browser, cores, dualbench: { version: VERSION } },
    startedUtc,
  };
}
