/** The table of the paper's claims, for the terminal, Markdown and the page. */
import { asksThePaper, type ClaimResult, claimResults } from "./analysis/claims.js";
import { markdownTable } from "./markdown.js";
import type { Row } from "./rows/row.js";

export const CLAIM_TITLES = [
  "Claim of the paper",
  "Source",
  "This run",
  "Measured",
  "95% interval",
  "Where",
] as const;

export function claimCells({ claim, source, verdict, measured, interval, note }: ClaimResult): string[] {
  return [claim, source, verdict, measured, interval, note];
}

export function claimsMarkdown(rows: readonly Row[]): string {
  const intro =
    "A claim holds when the whole 95% interval meets it and does not hold when the whole interval misses it. Intervals cover noise " +
    "within this run. The paper measured on an A100.";
  const lines = claimResults(rows).map(claimCells);
  return `${["# The paper's claims about speed against this run", "", intro, "", ...markdownTable(CLAIM_TITLES, lines)].join("\n")}\n`;
}

const MARKS = { holds: "yes", "does not hold": "no", "not measured here": "-" } as const;

/** A line a claim, broken at spaces: yes, no or -, the claim, what was measured. None of a run that asked nothing of them. */
export function claimsLines(rows: readonly Row[], width: number): string[] {
  const results = asksThePaper(rows) ? claimResults(rows) : [];
  return results.flatMap((result) => {
    const { claim, verdict, measured, interval, note } = result;
    const found = measured === "" ? note : `${measured} (${interval}) ${note}`;
    return hanging(
      `${MARKS[verdict].padEnd(4)}${claim}: ${verdict === "not measured here" ? `${verdict}, ` : ""}${found}`,
      width,
    );
  });
}

/** Later lines stand under the first one's text. */
function hanging(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/(?<=\S) /)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `    ${word}`.slice(0, width));
  }
  return lines;
}
