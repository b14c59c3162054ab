/** Tables in Markdown, which are readable in a terminal too. */

/** Nothing in a cell may end it or open markup. */
export function markdownCell(text: string): string {
  return text
    .replace(/[\r\n]+/g, " ")
    .replace(/\|/g, "\\|")
    .replace(/</g, "&lt;");
}

export function markdownTable(titles: readonly string[], lines: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownCell).join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...lines.map(line)];
}
