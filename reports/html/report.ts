/** report.html: one self-contained file. */
import type { Row, RunRecord } from "../row.js";
import { escapeHtml } from "./escape.js";
import { COLUMNS, cells } from "./rows.js";

export function reportHtml(run: RunRecord, rows: readonly Row[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>dualbench report</title>
<h1>dualbench report</h1>
<p>${escapeHtml(run.startedUtc)}: <code>${escapeHtml(run.command)}</code></p>
<table>
<thead><tr>${COLUMNS.map((column) => `<th scope="col">${escapeHtml(column.title)}</th>`).join("")}</tr></thead>
<tbody>
${rows
  .map(
    (row) =>
      `<tr>${cells(row)
        .map((cell) => `<td>${escapeHtml(cell.text)}</td>`)
        .join("")}</tr>`,
  )
  .join("\n")}
</tbody>
</table>
</html>
`;
}
