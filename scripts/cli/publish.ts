/** What a run leaves for people: the CSV, the charts, a table; the last lines name the files. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toCsv } from "../../reports/csv.js";
import type { CaseRecord, RunRecord } from "../../reports/row.js";
import { RESULTS, reasonOf } from "../../reports/store.js";
import { usageError } from "./exit.js";
import { shown } from "./words.js";

export interface PublishOptions {
  readonly json: boolean;
  readonly colour: boolean;
  /** Charts and tables take longer than an interrupted run has. */
  readonly charts: boolean;
  readonly exitCode: number;
}

export async function publishRun(
  records: readonly CaseRecord[],
  run: RunRecord,
  folder: string,
  options: PublishOptions,
): Promise<void> {
  const rows = records.map(({ row }) => row);
  const files = [join(folder, RESULTS), join(folder, "results.csv")];
  try {
    writeFileSync(files[1], toCsv(rows));
  } catch (error) {
    throw usageError(`cannot write into ${folder}: ${reasonOf(error)}; results.jsonl there is whole`);
  }
  if (options.json) {
    const document = { version: 1, run, rows, files: files.map(shown), exitCode: options.exitCode };
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  for (const file of files) process.stdout.write(`${shown(file)}\n`);
}
