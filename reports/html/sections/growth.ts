/** Growth exponents of each family's curve. */
import { bestCurves } from "../../analysis/curves.js";
import { growthOf } from "../../analysis/growth.js";
import { formatSize } from "../../format.js";
import type { Row } from "../../rows/row.js";
import { groupsOfSuites } from "../groups.js";
import { plainTable, scrolled } from "../plain-table.js";

export function growthSection(rows: readonly Row[]): string {
  const lines = groupsOfSuites(rows).flatMap(({ suite, group }) =>
    bestCurves(group).flatMap((curve) => {
      const growth = growthOf(curve);
      if (!growth) return [];
      const { exponent, low, high, from, to, points } = growth;
      const range = `${formatSize(from)} to ${formatSize(to)} (${points} sizes)`;
      const name = `${curve.family.name} (${curve.implementation})`;
      const interval = `${low.toFixed(3)} to ${high.toFixed(3)}`;
      return [[suite, `${group.device}, ${group.dtype}`, name, range, exponent.toFixed(3), interval]];
    }),
  );
  if (lines.length === 0) return "";
  const table = plainTable(["Suite", "Device", "Curve", "Sizes", "Exponent", "95% interval"], lines, 4);
  return `<section aria-labelledby="growth"><h2 id="growth">Growth exponents</h2>
<p>Time goes as size to this power: slope of log time over log size by weighted least squares over the five largest measured sizes. Weights
come from each median's 95% interval (none counts as better known than 1%); the interval is Student's t, widened where points
scatter more.</p>
${scrolled("growth", table)}</section>`;
}
