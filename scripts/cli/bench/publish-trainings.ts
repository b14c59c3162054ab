/** What a run of trainings leaves for people: charts and report, tables in the terminal; the last lines name the files. */
import { join } from "node:path";
import { learntLines } from "../../../reports/learning/words.js";
import type { RunRecord } from "../../../reports/rows/row.js";
import { RESULTS } from "../../../reports/rows/store.js";
import type { TrainingRow } from "../../../reports/rows/training.js";
import { EXIT, warn } from "../exit.js";
import { draw } from "../publish.js";
import { shown } from "../words.js";

export interface TrainingsPublishOptions {
  readonly json: boolean;
  /** They take longer than an interrupted run has. */
  readonly charts: boolean;
  readonly exitCode: number;
}

/** @returns the exit code: what it was given, or 2 where something could not be drawn */
export async function publishTrainings(
  trainings: readonly TrainingRow[],
  run: RunRecord,
  folder: string,
  options: TrainingsPublishOptions,
): Promise<number> {
  let { exitCode } = options;
  const files = [join(folder, RESULTS)];
  if (options.charts) {
    const drawn = await draw(folder);
    files.push(...drawn.files);
    if (drawn.why) {
      exitCode = EXIT.usage;
      warn(`not everything could be drawn: ${drawn.why}; npm run report -- ${shown(folder)} draws it again`);
    }
  }
  if (options.json) {
    const document = { version: 1, run, trainings, files: files.map(shown), exitCode };
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return exitCode;
  }
  for (const line of [...learntLines(trainings), ...files.map(shown)]) process.stdout.write(`${line}\n`);
  return exitCode;
}
