/** Trainings: a table of results for each task, and what was stopped. */
import { learntTables, stoppedSentences } from "../../learning/words.js";
import type { TrainingRow } from "../../rows/training.js";
import { escapeHtml } from "../escape.js";
import { plainTable, scrolled } from "../plain-table.js";

export function learningSection(trainings: readonly TrainingRow[]): string {
  if (trainings.length === 0) return "";
  const tables = learntTables(trainings).map(
    ({ title, heads, lines, numericFrom }) =>
      `<h3>${escapeHtml(title)}</h3>\n${scrolled("trainings", plainTable(heads, lines, numericFrom))}`,
  );
  const stopped = stoppedSentences(trainings).map((sentence) => `<p>${escapeHtml(sentence)}</p>`);
  return `<section aria-labelledby="trainings"><h2 id="trainings">Trainings</h2>
<p>Results of tests that no training has seen, over seeds; the learning curves are among the charts. All numbers of each training are in
trainings.csv, its curve in results.jsonl.</p>
${[...tables, ...stopped].join("\n")}</section>`;
}
