/** What the page offers as a file: the same records as a run folder of the command, so that `report` reads it. */
import { planId } from "../../reports/rows/case-id.js";
import type { CaseRecord, RunRecord } from "../../reports/rows/row.js";

export interface PageFacts {
  readonly engine: string;
  readonly grid: string;
  readonly filter: string;
  readonly startedUtc: string;
  readonly browser: string;
  readonly cores: number;
}

declare const DUALBENCH_VERSION: string | undefined;

/** Of dualbench; the build of the page puts it here. */
export const VERSION = typeof DUALBENCH_VERSION === "undefined" ? "unknown" : DUALBENCH_VERSION;

/** The text of a results.jsonl. */
export function resultsText(facts: PageFacts, records: readonly CaseRecord[]): string {
  return [runRecord(facts, records), ...records].map((record) => `${JSON.stringify(record)}\n`).join("");
}

function runRecord(facts: PageFacts, records: readonly CaseRecord[]): RunRecord {
  const { engine, grid, filter, startedUtc, browser, cores } = facts;
  return {
    record: "run",
    version: 1,
    command: `the page, engine ${engine}, grid ${grid}${filter === "" ? "" : `, filter ${filter}`}`,
    plan: {
      grid,
      seed: records[0]?.row.seed ?? 0,
      options: { engine: [engine], filter: filter === "" ? null : filter, grid },
      ids: records.map(({ row }) => planId(row.suite, row.id)),
    },
    environment: { browser, cores, dualbench: { version: VERSION } },
    startedUtc,
  };
}
