/** A verdict for the step summary of a continuous integration run. */
import { markdownCell as cell } from "../markdown.js";
import type { Verdict } from "./verdict.js";
import { canaryWords, caseWords, counted, HEADLINES, inOrder, shapesWords, troubled } from "./words.js";

export function verdictMarkdown(verdict: Verdict): string {
  const { base, head, cases, checks, notCompared } = verdict;
  const lines = [
    `## dualbench gate: ${HEADLINES[verdict.status]}`,
    "",
    ...verdict.reasons.map((reason) => `- ${cell(reason)}`),
    "",
    `${head.name} (${head.commit.slice(0, 12)}) against ${base.name} (${base.commit.slice(0, 12)}) ` +
      `on ${cell(verdict.machine)}, ${verdict.minutes.toFixed(1)} minutes. ${cell(canaryWords(verdict))}. ` +
      `${cell(shapesWords(verdict))}.`,
    "",
  ];
  if (cases.length > 0) {
    lines.push(
      "| case | outcome | ratio | 95% interval | p (Holm) | MDE80 | base | head |",
      "|---|---|---|---|---|---|---|---|",
    );
    for (const judged of inOrder(cases)) {
      const { outcome, ratio, interval, p, mde, base: was, head: is } = caseWords(judged);
      lines.push(
        `| ${[`\`${judged.id}\``, outcome, ratio, interval, p, mde, was, is].map(cell).join(" | ")} |`,
      );
    }
    lines.push("");
  }
  const notable = checks.filter(({ status }) => status !== "pass");
  lines.push(`Checks: ${counted(checks.map(({ status }) => status))}.`, "");
  for (const { status, name, what, detail } of notable)
    lines.push(`- ${status}: ${name}, ${cell(what)}: ${cell(detail)}`);
  for (const { id, reason } of notCompared) lines.push(`- not compared: \`${cell(id)}\`: ${cell(reason)}`);
  const again = troubled(verdict);
  if (again.length > 0) {
    lines.push("", "To repeat one case:", "", "```");
    lines.push(...again.map(({ repeat }) => repeat), "```");
  }
  return `${lines.join("\n")}\n`;
}
