/** Two sides of runs, a table a machine. */
import type { Comparison } from "../../analysis/compare/compare.js";
import { COMPARE_TITLES, compareCells, compareSentences } from "../../compare/words.js";
import { escapeHtml } from "../escape.js";
import { plainTable } from "../plain-table.js";

/** @param sides what was compared, in words */
export function compareSection(comparison: Comparison, sides: readonly string[]): string {
  const words = [...sides, ...compareSentences(comparison)].map((line) => `<p>${escapeHtml(line)}</p>`);
  const tables = comparison.machines.map(
    ({ machine, cases }) => `<h3>${escapeHtml(machine)}</h3>
<div class="scroll" role="region" aria-labelledby="compare" tabindex="0">
${plainTable(COMPARE_TITLES, cases.map(compareCells), COMPARE_TITLES.length)}</div>`,
  );
  return `<section class="wide" aria-labelledby="compare"><h2 id="compare">Before and after</h2>
${[...words, ...tables].join("\n")}</section>`;
}
