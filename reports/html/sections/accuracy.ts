/** Speed at equal accuracy as a table: the chart names only some of its points. */
import { ACCURACY_TITLES, accuracyGroups, accuracyLines } from "../../analysis/accuracy.js";
import { formatDuration } from "../../format.js";
import type { Row } from "../../rows/row.js";
import { plainTable } from "../plain-table.js";

export function accuracySection(rows: readonly Row[]): string {
  const lines = accuracyLines(accuracyGroups(rows), formatDuration);
  if (lines.length === 0) return "";
  return `<section class="wide" aria-labelledby="accuracy"><h2 id="accuracy">Speed at equal accuracy</h2>
<p>Each implementation at the size that most of its operator's have: time beside the worst error that was measured beside float64, and the
bound it was held to, both relative to the element's scale. Best of its error: none that is at least as close is faster.</p>
<details><summary>All implementations</summary>
<div class="scroll" role="region" aria-labelledby="accuracy" tabindex="0">${plainTable(ACCURACY_TITLES, lines, 6)}</div>
</details></section>`;
}
