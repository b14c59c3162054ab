/** A table of text cells, the later columns as numbers. */
import { escapeHtml } from "./escape.js";

export function plainTable(
  titles: readonly string[],
  lines: readonly (readonly string[])[],
  numericFrom: number,
): string {
  const of = (i: number) => (i >= numericFrom ? ' class="number"' : "");
  const head = titles.map((title, i) => `<th scope="col"${of(i)}>${escapeHtml(title)}</th>`).join("");
  const body = lines.map(
    (cells) => `<tr>${cells.map((cell, i) => `<td${of(i)}>${escapeHtml(cell)}</td>`).join("")}</tr>`,
  );
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body.join("\n")}\n</tbody></table>`;
}
