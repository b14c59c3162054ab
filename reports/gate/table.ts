/** A verdict on the terminal. */
import type { Verdict } from "./verdict.js";
import { canaryWords, caseWords, counted, HEADLINES, inOrder, shapesWords, troubled } from "./words.js";

const COLUMNS = [
  { key: "outcome", title: "" },
  { key: "ratio", title: "ratio" },
  { key: "interval", title: "95% interval" },
  { key: "p", title: "p (Holm)" },
  { key: "mde", title: "MDE80" },
  { key: "base", title: "base" },
  { key: "head", title: "head" },
] as const;

export function verdictTable(verdict: Verdict): string[] {
  const cases = inOrder(verdict.cases);
  const cells = cases.map(caseWords);
  const widths = COLUMNS.map(({ key, title }) =>
    Math.max(title.length, ...cells.map((words) => words[key].length)),
  );
  const row = (words: readonly string[], id: string) =>
    `${words.map((word, i) => word.padEnd(widths[i])).join("  ")}  ${id}`.trimEnd();
  const lines =
    cases.length === 0
      ? []
      : [
          row(
            COLUMNS.map(({ title }) => title),
            "case",
          ),
        ];
  for (const [i, judged] of cases.entries()) {
    lines.push(
      row(
        COLUMNS.map(({ key }) => cells[i][key]),
        judged.id,
      ),
    );
    if (judged.reason !== undefined) lines.push(`    ${judged.reason}`);
  }
  for (const { id, reason } of verdict.notCompared) lines.push(`not compared  ${id}: ${reason}`);
  lines.push("", canaryWords(verdict));
  lines.push(shapesWords(verdict));
  lines.push(`checks: ${counted(verdict.checks.map(({ status }) => status))}`);
  for (const { name, what, status, detail } of verdict.checks)
    if (status !== "pass") lines.push(`  ${status}  ${name}: ${what}: ${detail}`);
  lines.push("", `${HEADLINES[verdict.status]}: ${verdict.reasons[0]}`);
  for (const reason of verdict.reasons.slice(1)) lines.push(`  also: ${reason}`);
  for (const { repeat } of troubled(verdict)) lines.push(`  again: ${repeat}`);
  return lines;
}
