/** How many times faster SSD is than each other curve, size by size. */
import { comparisons } from "../../analysis/comparisons.js";
import { formatRatio, formatSize } from "../../format.js";
import type { Row } from "../../rows/row.js";
import { groupsOfSuites } from "../groups.js";
import { plainTable, scrolled } from "../plain-table.js";

const TITLES = ["Suite", "Device", "SSD against", "Size", "Ratio", "95% interval"];

export function speedupSection(rows: readonly Row[]): string {
  const lines = groupsOfSuites(rows).flatMap(({ suite, group }) =>
    comparisons(group).flatMap(({ other, ratios }) =>
      ratios.map(({ x, ratio, low, high }) => [
        suite,
        `${group.device}, ${group.dtype}`,
        other.family.name,
        formatSize(x),
        formatRatio(ratio),
        `${formatRatio(low)} to ${formatRatio(high)}`,
      ]),
    ),
  );
  if (lines.length === 0) return "";
  return `<section aria-labelledby="speedup"><h2 id="speedup">Speedup of SSD</h2>
<p>Median time of each curve divided by SSD's (ssd/chunked) at the same size. The 95% interval combines the order-statistic intervals of
the two medians on the log scale (MOVER, Donner and Zou 2012); it covers noise within this run, not differences between runs.</p>
<details><summary>All ratios</summary>${scrolled("speedup", plainTable(TITLES, lines, 3))}</details></section>`;
}
