/** A comparison in words: the same cells for the terminal, Markdown and the page. */
import type { ComparedCase, ComparedMachine, Comparison } from "../analysis/compare/compare.js";
import { formatDuration, formatNumber, formatRatio, plural } from "../format.js";
import { markdownTable } from "../markdown.js";

export const COMPARE_TITLES = ["Ratio", "99% interval", "Verdict", "Before", "After", "Case"] as const;

export function compareCells(one: ComparedCase): string[] {
  const { ratio, low, high, verdict, runsNeeded, beforeNs, afterNs, id } = one;
  const interval = Number.isFinite(high) ? `${formatRatio(low)} to ${formatRatio(high)}` : "unknown";
  return [
    formatRatio(ratio),
    interval,
    runsNeeded === undefined ? verdict : `${verdict}: ${runsWords(runsNeeded)} would do`,
    formatDuration(beforeNs),
    formatDuration(afterNs),
    id,
  ];
}

/** The search for the number ends at 30. */
function runsWords(runs: number): string {
  return runs >= 30 ? "30 or more runs a side" : `${runs} runs a side`;
}

/** What was found, a sentence a machine; then what is left out. */
export function compareSentences({ machines, notes }: Comparison): string[] {
  if (machines.length === 0) return [...notes, "Nothing was measured on both sides of one machine."];
  return [...machines.map(sentence), ...notes];
}

function sentence({ machine, runs, cases }: ComparedMachine): string {
  const count = (verdict: ComparedCase["verdict"]) => cases.filter((one) => one.verdict === verdict).length;
  const [slower, faster, same, unknown] = (
    ["slower", "faster", "no difference shown", "not enough data"] as const
  ).map(count);
  const parts = [
    `${slower} slower`,
    `${faster} faster`,
    ...(same > 0 ? [`no difference shown for ${same}`] : []),
    ...(unknown > 0 ? [`not enough data for ${unknown}`] : []),
  ];
  const smallest = middle(cases.map((one) => one.smallest));
  const visible = Number.isFinite(smallest)
    ? `the smallest change that these runs can show is ${size(smallest)} for the middle case`
    : "so few cases show no change of any size";
  const needed = cases.flatMap(({ runsNeeded }) => runsNeeded ?? []);
  const more = needed.length === 0 ? "" : `; ${runsWords(middle(needed))} would show 5% or the ratio seen`;
  const scaled = cases.some(({ drift }) => drift !== undefined)
    ? "; times are scaled by the drift of the ceilings measured in both"
    : "";
  const sides = `${plural(runs[0], "run")} before, ${runs[1]} after`;
  return `${machine}: ${sides}, ${plural(cases.length, "case")}: ${parts.join(", ")}; ${visible}${more}${scaled}.`;
}

function size(change: number): string {
  return change < 1 ? `${formatNumber(100 * change, 2)}%` : formatRatio(1 + change);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** @param sides what was compared, in words */
export function compareMarkdown(comparison: Comparison, sides: readonly string[]): string {
  const tables = comparison.machines.flatMap(({ machine, cases }) => [
    "",
    `## ${machine.replace(/[\r\n<]+/g, " ")}`,
    "",
    ...markdownTable(COMPARE_TITLES, cases.map(compareCells)),
  ]);
  const words = [...sides, ...compareSentences(comparison)].map((line) => `- ${line.replace(/</g, "&lt;")}`);
  return `${["# Before and after", "", ...words, ...tables].join("\n")}\n`;
}

/** Columns as wide as their words; the case last, cut where the terminal ends. */
export function compareTable(comparison: Comparison, width: number): string[] {
  return comparison.machines.flatMap(({ machine, cases }) => {
    const lines = [COMPARE_TITLES, ...cases.map(compareCells)];
    const widths = COMPARE_TITLES.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
    const line = (cells: readonly string[]) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd();
    const cut = (text: string) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
    return [machine, ...lines.map(line), ""].map(cut);
  });
}
