/** The table of all cases: its controls and first lines; page/table.mjs writes the others as they are looked at. */
import { plural } from "../../format.js";
import { toCsv } from "../../rows/csv.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { packedCases } from "../data.js";
import { escapeHtml, escapeJson } from "../escape.js";
import { COLUMNS } from "../rows.js";

/** Of a page whose scripts do not run. */
const STILL = 100;

export function casesSection(rows: readonly Row[]): string {
  const head = COLUMNS.map(
    ({ title, numeric }) => `<th scope="col"${numeric ? ' class="number"' : ""}>${escapeHtml(title)}</th>`,
  );
  const statuses = [...new Set(rows.map((row) => row.status))];
  const rest =
    rows.length > STILL
      ? `<noscript><p>The first ${STILL} of ${plural(rows.length, "case")}; results.csv has all.</p></noscript>`
      : "";
  return `<section class="wide" aria-labelledby="all"><h2 id="all">All cases</h2>
<div class="controls" hidden>
<label>Filter, as --filter<input id="filter" type="search" placeholder="ssd/ length&lt;=4096 state=64|128" autocomplete="off"
 spellcheck="false" aria-describedby="fault"></label>
<label>Status<select id="status"><option value="">all</option>${statuses.map((s) => `<option>${s}</option>`).join("")}</select></label>
<span id="count" role="status"></span>
<a class="csv" href="#all" download="results.csv">results.csv</a>
<span id="fault" role="alert"></span>
</div>
<div class="scroll" role="region" aria-labelledby="all" tabindex="0">
<table id="rows"><thead><tr>${head.join("")}</tr></thead><tbody>
${rows.slice(0, STILL).map(caseLine).join("\n")}
</tbody></table>
<button type="button" id="more" hidden>Show more cases</button></div>${rest}</section>`;
}

function caseLine(row: Row): string {
  const cells = COLUMNS.map(({ title, numeric, cell }) => {
    const name = numeric ? "number" : title === "Status" ? row.status : "";
    return `<td${name ? ` class="${name}"` : ""}>${escapeHtml(cell(row).text)}</td>`;
  });
  return `<tr>${cells.join("")}</tr>`;
}

/** What a click on a case or on a point opens. */
export const CASE_DIALOG = `<dialog id="case" aria-labelledby="case-id">
<h2 id="case-id"><code class="id"></code></h2>
<p>To repeat it:</p>
<pre tabindex="0" aria-label="Command that repeats this case"><code class="command"></code></pre>
<p class="buttons"><button type="button" class="copy">Copy command</button>
<a class="link" href="#all">Copy link to this case</a>
<button type="button" class="close">Close</button> <span class="said" role="status"></span></p>
<table><tbody class="facts"></tbody></table>
<details><summary>Its line of results.csv</summary><table><tbody class="all"></tbody></table></details>
</dialog>
<div id="tip" role="tooltip" hidden></div>`;

export function casesData(run: RunRecord, rows: readonly Row[]): string {
  return [
    ["cases", packedCases(run, rows)],
    ["csv", toCsv(rows)],
  ]
    .map(([id, value]) => `<script type="application/json" id="${id}">${escapeJson(value)}</script>`)
    .join("\n");
}
