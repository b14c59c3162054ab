/** A user's kernels beside ours and the best peer, size by size. */
import { groupsOf } from "../../analysis/curves.js";
import { ownKernels } from "../../analysis/own.js";
import { groupBy, xKeyOf } from "../../analysis/series.js";
import { formatDuration, formatRatio, formatSize } from "../../format.js";
import type { Row } from "../../rows/row.js";
import { plainTable, scrolled } from "../plain-table.js";

const TITLES = [
  "Suite",
  "Device",
  "Yours",
  "Against",
  "Size",
  "Yours took",
  "It took",
  "Ratio",
  "95% interval",
];

export function ownSection(rows: readonly Row[]): string {
  const lines = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).flatMap((group) =>
      ownKernels(group).flatMap(({ curve, against }) =>
        against.flatMap(({ who, other, ratios }) =>
          ratios.map(({ x, ratio, low, high, one, other: theirs }) => [
            suite,
            `${group.device}, ${group.dtype}`,
            curve.implementation,
            `${who}: ${other.implementation}`,
            formatSize(x),
            formatDuration(one.ns),
            formatDuration(theirs.ns),
            formatRatio(ratio),
            `${formatRatio(low)} to ${formatRatio(high)}`,
          ]),
        ),
      ),
    ),
  );
  if (lines.length === 0) return "";
  return `<section class="wide" aria-labelledby="own"><h2 id="own">Your kernels</h2>
<p>Each beside ours of the same form and engine (or our best for the operator) and beside the best peer, at the sizes that both have. The
ratio is its time divided by yours: above 1x yours is faster. Intervals as for the speedup of SSD.</p>
${scrolled("own", plainTable(TITLES, lines, 4))}</section>`;
}
