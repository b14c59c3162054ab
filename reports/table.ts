/** The terminal's table: suites, operators, a heading an implementation, a line a size. Columns leave one by one as it narrows. */
import { chunksOf, groupBy, seriesOf, type XKey, xKeyOf } from "./analysis/series.js";
import { formatDuration, formatInterval, formatNumber, formatSize, plural } from "./format.js";
import { idWords } from "./rows/case-id.js";
import type { Measured, Row } from "./rows/row.js";
import { visible } from "./text.js";

export interface TableOptions {
  /** Columns of the terminal; lines are never longer, but it is taken to be at least 40. */
  readonly width?: number;
  readonly color?: boolean;
}

interface Column {
  /** Terminals narrower than this do without it. */
  readonly from: number;
  text(row: Row): string;
}

const COLUMNS: readonly Column[] = [
  { from: 0, text: (row) => (row.status === "measured" ? formatDuration(row.medianNs) : "") },
  { from: 50, text: (row) => (row.status === "measured" ? interval(row.ci95LowNs, row.ci95HighNs) : "") },
  {
    from: 70,
    text: (row) =>
      "boundU" in row && row.boundU !== undefined && row.errorU !== undefined
        ? `${formatNumber(row.errorU, 2)}/${formatNumber(row.boundU, 2)} u`
        : "",
  },
  {
    from: 84,
    text: (row) =>
      row.status === "measured" && row.rooflineFraction !== undefined
        ? `${formatNumber(100 * row.rooflineFraction, 2)}% of roofline`
        : "",
  },
];

const BOLD = "\u001b[1m";
const RED = "\u001b[31m";
const DIM = "\u001b[2m";
const PLAIN = "\u001b[0m";

/** Lines without a newline at their ends. */
export function table(rows: readonly Row[], options: TableOptions = {}): string[] {
  const width = Math.max(40, options.width ?? 80);
  const paint = (code: string, text: string) =>
    options.color && text !== "" ? `${code}${text}${PLAIN}` : text;
  const lines: string[] = [];
  for (const [suite, ofSuite] of groupBy(rows, (row) => row.suite)) {
    const xKey = xKeyOf(suite, ofSuite);
    const shared = sharedWords(ofSuite, xKey);
    lines.push(paint(BOLD, cut(suite, width)), ...paragraph(shared, width).map((line) => paint(DIM, line)));
    for (const [, ofOperator] of groupBy(ofSuite, (row) => row.operator)) {
      for (const [, series] of seriesOf(ofOperator, xKey)) {
        const chunks = chunksOf(series);
        const own = idWords(series[0].id)
          .filter((word) => !shared.includes(word) && !word.startsWith(`${xKey}=`))
          .map((word) => (word.startsWith("chunk=") && chunks !== undefined ? `chunk=${chunks}` : word));
        lines.push(cut(`  ${own.join(" ")}`, width));
        const bySize = series.toSorted((a, b) => (a[xKey] ?? 0) - (b[xKey] ?? 0));
        for (const line of seriesLines(bySize, xKey, width)) lines.push(paint(line.code, line.text));
      }
    }
    lines.push("");
  }
  return lines.length === 0 ? ["No cases."] : [...lines, ...legend(rows, width)];
}

function seriesLines(series: readonly Row[], xKey: XKey, width: number): { code: string; text: string }[] {
  const columns = COLUMNS.filter(({ from }) => width >= from);
  const texts = series.map((row) => columns.map((column) => column.text(row)));
  const widths = columns.map((_, i) => texts.reduce((most, cells) => Math.max(most, cells[i].length), 0));
  const named = Math.max(...series.map(({ workload }) => workload?.length ?? 0));
  const lines: { code: string; text: string }[] = [];
  for (let i = 0; i < series.length; i++) {
    const row = series[i];
    if (row.status === "measured") {
      const cells = texts[i].map((text, c) => text.padStart(widths[c])).join("   ");
      lines.push({ code: "", text: cut(`${place(row)}  ${cells}`, width) });
      continue;
    }
    // Sizes skipped in a row share a line: the reason of the first holds for the larger ones.
    let last = i;
    while (row.status === "skipped" && series[last + 1]?.status === "skipped") last++;
    const range = last > i ? `${place(row)} to ${place(series[last]).trim()}` : place(row);
    const text = `${range}  ${row.status}: ${firstSentence(row.reason)}`;
    // Skips are many and alike: one line. What is wrong is told in full.
    if (row.status === "skipped") lines.push({ code: DIM, text: cut(text, width) });
    else for (const part of wrapped(text, width)) lines.push({ code: RED, text: part });
    i = last;
  }
  return lines;

  function place(row: Row): string {
    const x = row[xKey];
    const size = (x === undefined ? "-" : formatSize(x)).padStart(8);
    return row.workload === undefined ? size : `${size} ${row.workload.padEnd(named)}`;
  }
}

/** "2.27..2.34 ms": half the width of the prose form. */
function interval(lowNs: number, highNs: number): string {
  return formatInterval(lowNs, highNs).replace(" to ", "..");
}

/** Keys on which all cases of a suite agree stand once, under its name. */
function sharedWords(rows: readonly Row[], xKey: XKey): string[] {
  const [first, ...rest] = rows.map((row) => new Set(idWords(row.id)));
  const fits = (word: string) => word.includes("=") && !word.startsWith(`${xKey}=`);
  return [...first].filter((word) => fits(word) && rest.every((other) => other.has(word)));
}

function paragraph(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + part.length <= width)
      lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(cut(`  ${part}`, width));
  }
  return lines;
}

/** On one line: a reason cannot move the cursor. */
function firstSentence(reason: string): string {
  const flat = visible(reason.replace(/\s+/g, " ")).trim();
  return /^.+?[.!?](?=\s)/.exec(flat)?.[0] ?? flat;
}

/** The end of a line matters least: cut there. */
function cut(text: string, width: number): string {
  const safe = visible(text).trimEnd();
  return safe.length <= width ? safe : `${safe.slice(0, width - 1)}…`;
}

/** Broken at spaces, later lines under the first one's text. */
function wrapped(text: string, width: number): string[] {
  const indent = " ".repeat(10);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width || line === "") line = longer;
    else {
      lines.push(cut(line, width));
      line = `${indent}${word}`;
    }
  }
  return [...lines, cut(line, width)];
}

function legend(rows: readonly Row[], width: number): string[] {
  const counts = [...groupBy(rows, (row) => row.status)].map(([status, { length }]) => `${length} ${status}`);
  const total = `${plural(rows.length, "case")}: ${counts.join(", ")}.`;
  if (width < 70) return wrapped(`${total} Median time.`, width);
  const checked = rows.find((row) => row.status === "measured");
  const meaning = `Median, its 95% interval, worst error/bound in u${checked ? ` (${errorInWords(checked)})` : ""}.`;
  return wrapped(`${total} ${meaning}`, width);
}

/** "2.8/41 u: off by 2.8 roundoffs of its accumulation where 41 are allowed": the first row's own figures. */
function errorInWords({ errorU, boundU }: Measured): string {
  const [error, bound] = [formatNumber(errorU, 2), formatNumber(boundU, 2)];
  return `${error}/${bound} u: off by ${error} roundoffs of its sums where ${bound} are allowed`;
}
