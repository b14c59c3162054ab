/** The terminal's table: a line a case, grouped by suite and operator; columns leave one after another as the terminal narrows. */
import { groupBy } from "./curves.js";
import { formatDuration, formatInterval, formatNumber, plural, shorten } from "./format.js";
import { idParts } from "./names.js";
import type { Row } from "./row.js";

export interface TableOptions {
  /** Columns of the terminal; never exceeded, at least 40. */
  readonly width?: number;
  readonly color?: boolean;
}

interface Column {
  readonly title: string;
  readonly right: boolean;
  /** Terminals narrower than this do without it. */
  readonly from: number;
  text(row: Row): string;
}

const COLUMNS: readonly Column[] = [
  { title: "median", right: true, from: 0, text: medianOf },
  {
    title: "95% interval",
    right: true,
    from: 72,
    text: (row) => (row.status === "measured" ? formatInterval(row.ci95LowNs, row.ci95HighNs) : ""),
  },
  {
    title: "error/bound",
    right: true,
    from: 92,
    text: (row) => ("boundU" in row ? `${formatNumber(row.errorU)}/${formatNumber(row.boundU)}` : ""),
  },
  {
    title: "roofline",
    right: true,
    from: 104,
    text: (row) =>
      row.status === "measured" && row.rooflineFraction !== undefined
        ? `${formatNumber(100 * row.rooflineFraction, 2)}%`
        : "",
  },
];

const INK = { measured: "", rejected: "\u001b[31m", failed: "\u001b[31m", skipped: "\u001b[2m" } as const;

/** Lines without a newline at their ends. */
export function table(rows: readonly Row[], options: TableOptions = {}): string[] {
  const width = Math.max(40, options.width ?? 80);
  const paint = (code: string, text: string) =>
    options.color && code !== "" ? `${code}${text}\u001b[0m` : text;
  const lines: string[] = [];
  for (const [suite, ofSuite] of groupBy(rows, (row) => row.suite)) {
    if (lines.length > 0) lines.push("");
    lines.push(paint("\u001b[1m", shorten(suite, width)));
    for (const [operator, members] of groupBy(ofSuite, (row) => row.operator)) {
      const shared = sharedKeys(members);
      lines.push(paint("\u001b[1m", cut(`  ${[operator, ...shared].join(" ")}`, width)));
      const columns = COLUMNS.filter(
        (column) =>
          width >= column.from && (column.from === 0 || members.some((row) => column.text(row) !== "")),
      );
      const texts = members.map((row) => columns.map((column) => column.text(row)));
      const widths = columns.map((_, i) => Math.max(...texts.map((cells) => cells[i].length)));
      const first = width - 4 - widths.reduce((sum, w) => sum + w + 2, 0);
      members.forEach((row, i) => {
        const label = shorten(ownKeys(row, shared), Math.max(8, first));
        const name = row.status === "measured" ? label.padEnd(Math.max(8, first)) : label;
        if (row.status === "measured") {
          const cells = texts[i].map((cell, c) => cell.padStart(widths[c]));
          lines.push(cut(["   ", name, ...cells.map((cell) => ` ${cell}`)].join(" "), width));
        } else {
          const mark = `    ${row.status}: `;
          lines.push(paint(INK[row.status], cut(`    ${label}`, width)));
          lines.push(paint(INK[row.status], shorten(`  ${mark}${short(row.reason)}`, width)));
        }
      });
    }
  }
  return [...lines, ...(lines.length > 0 ? ["", ...legend(rows, width)] : [])];
}

function medianOf(row: Row): string {
  return row.status === "measured" ? formatDuration(row.medianNs) : "";
}

/** Keys on which all of an operator's cases agree stand once, in its heading. */
function sharedKeys(rows: readonly Row[]): string[] {
  const [first, ...rest] = rows.map((row) => new Set(words(row)));
  return [...first].filter((word) => word.includes("=") && rest.every((other) => other.has(word)));
}

function words(row: Row): string[] {
  return row.id.split(" ").filter(Boolean);
}

function ownKeys(row: Row, shared: readonly string[]): string {
  const name = idParts(row.id).name.slice(row.operator.length + 1);
  const own = words(row)
    .slice(1)
    .filter((word) => !shared.includes(word));
  return [name, ...own].join(" ");
}

/** First sentence, without line breaks or control characters. */
function short(reason: string | undefined): string {
  const flat = (reason ?? "").replace(/[\s\p{Cc}]+/gu, " ").trim();
  return /^.+?[.!?](?=\s)/.exec(flat)?.[0] ?? flat;
}

function cut(text: string, width: number): string {
  return shorten(text, width).trimEnd();
}

function legend(rows: readonly Row[], width: number): string[] {
  const counts = [...groupBy(rows, (row) => row.status)].map(([status, { length }]) => `${length} ${status}`);
  const line = `${plural(rows.length, "case")}: ${counts.join(", ")}. Median with its 95% interval; error and bound in u.`;
  return [line.length <= width ? line : shorten(`${counts.join(", ")}; median, 95% interval`, width)];
}
