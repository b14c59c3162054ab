/** Workflow commands that GitHub shows beside a change. */
import type { Verdict } from "./verdict.js";
import { caseWords, HEADLINES, troubled } from "./words.js";

export function annotations(verdict: Verdict): string[] {
  const lines = troubled(verdict).map((judged) => {
    const { ratio, interval } = caseWords(judged);
    const figures = ratio === "" ? "" : ` ${ratio} times as long (95% interval ${interval})`;
    const level = judged.outcome === "undecided" ? "warning" : "error";
    const text = `${judged.id}:${figures}${judged.reason ? ` ${judged.reason}` : ""}; again: ${judged.repeat}`;
    return command(level, `gate: ${judged.outcome}`, text);
  });
  for (const { name, what, status, detail } of verdict.checks)
    if (status === "fail") lines.push(command("error", `gate: ${name}`, `${what}: ${detail}`));
  const level =
    verdict.status === "pass" ? "notice" : verdict.status === "inconclusive" ? "warning" : "error";
  lines.push(command(level, `gate: ${HEADLINES[verdict.status]}`, verdict.reasons[0]));
  return lines;
}

function command(level: "error" | "warning" | "notice", title: string, text: string): string {
  const property = (value: string) => data(value).replace(/:/g, "%3A").replace(/,/g, "%2C");
  return `::${level} title=${property(title)}::${data(text)}`;
}

function data(text: string): string {
  return text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}
