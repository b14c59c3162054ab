/** What the time of each curve is of. */
import { fairnessSheet, SHEET_TITLES } from "../../analysis/fairness.js";
import type { Row } from "../../rows/row.js";
import { plainTable, scrolled } from "../plain-table.js";

export function fairnessSection(rows: readonly Row[]): string {
  const lines = fairnessSheet(rows);
  if (lines.length === 0) return "";
  const table = plainTable(SHEET_TITLES, lines, SHEET_TITLES.length);
  return `<section class="wide" aria-labelledby="fairness"><h2 id="fairness">Fairness sheet</h2>
<p>What the time of each curve is of. Where curves of one chart differ in dtype, threads, clock or TF32, its subtitle says so. Launch:
whether starting the kernels lies inside the time. Cache: every run follows another of the same case, so what fits a cache is there
(warm).</p>
${scrolled("fairness", table)}</section>`;
}
