/** report.html: one self-contained file. Everything that comes from rows is escaped; the page may load nothing. */
import type { TopLevelSpec } from "vega-lite";
import type { Comparison } from "../analysis/compare/compare.js";
import { comparisons } from "../analysis/comparisons.js";
import { bestCurves, type Group, groupsOf } from "../analysis/curves.js";
import { fairnessSheet, SHEET_TITLES } from "../analysis/fairness.js";
import { findings } from "../analysis/findings.js";
import { growthOf } from "../analysis/growth.js";
import { groupBy, xKeyOf } from "../analysis/series.js";
import { formatRatio, formatSize } from "../format.js";
import type { Row, RunRecord } from "../rows/row.js";
import { caseCommand } from "./command.js";
import { escapeHtml, escapeJson, escapeScript } from "./escape.js";
import { librarySources, pageScript } from "./libraries.js";
import { plainTable, scrolled } from "./plain-table.js";
import { COLUMNS } from "./rows.js";
import { accuracySection } from "./sections/accuracy.js";
import { claimsSection } from "./sections/claims.js";
import { compareSection } from "./sections/compare.js";
import { ownSection } from "./sections/own.js";
import { STYLE } from "./style.js";

/** A chart in both themes, and drawn already for print and for pages without scripts. */
export interface ReportChart {
  readonly name: string;
  readonly light: TopLevelSpec;
  readonly dark: TopLevelSpec;
  readonly svg: string;
}

const POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:";

/** Two sides of runs, and what they are in words. */
export interface ReportComparison {
  readonly comparison: Comparison;
  readonly sides: readonly string[];
}

export function reportHtml(
  run: RunRecord,
  rows: readonly Row[],
  charts: readonly ReportChart[],
  compared?: ReportComparison,
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dualbench report, ${escapeHtml(run.startedUtc)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#all">Skip to all cases</a>
<header class="top">
<div><h1>dualbench report</h1>
<p class="faint">${escapeHtml(run.startedUtc)} · <code>${escapeHtml(run.command)}</code></p></div>
<button type="button" class="theme" hidden>Dark theme</button>
</header>
<main>
<section aria-labelledby="findings"><h2 id="findings">What this run shows</h2>
${findings(rows)
  .map((sentence) => `<p>${escapeHtml(sentence)}</p>`)
  .join("\n")}
</section>
${compared ? compareSection(compared.comparison, compared.sides) : ""}
<section aria-labelledby="charts"><h2 id="charts">Charts</h2>
<div class="charts">${charts.map(chartFigure).join("\n")}</div>
</section>
${claimsSection(rows)}
${ownSection(rows)}
${speedupSection(rows)}
${accuracySection(rows)}
${growthSection(rows)}
${fairnessSection(rows)}
${rowsSection(run, rows)}
${environmentSection(run, rows)}
</main>
${charts
  .flatMap(({ name, light, dark }) => [specScript(`${name}-light`, light), specScript(`${name}-dark`, dark)])
  .join("\n")}
${librarySources()
  .map((source) => `<script>${escapeScript(source)}</script>`)
  .join("\n")}
<script type="module">${escapeScript(pageScript())}</script>
</body>
</html>
`;
}

function chartFigure({ name, svg }: ReportChart): string {
  const label = `Chart of ${name}; the table below holds its numbers`;
  const data = Buffer.from(svg).toString("base64");
  return `<figure data-chart="${escapeHtml(name)}">
<img class="still" alt="${escapeHtml(label)}" src="data:image/svg+xml;base64,${data}"><div class="live"></div></figure>`;
}

function specScript(id: string, spec: TopLevelSpec): string {
  return `<script type="application/json" id="${escapeHtml(id)}">${escapeJson(spec)}</script>`;
}

interface Grouped {
  readonly suite: string;
  readonly group: Group;
}

function groups(rows: readonly Row[]): Grouped[] {
  return [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).map((group) => ({ suite, group })),
  );
}

function speedupSection(rows: readonly Row[]): string {
  const lines = groups(rows).flatMap(({ suite, group }) =>
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
  const titles = ["Suite", "Device", "SSD against", "Size", "Ratio", "95% interval"];
  return `<section aria-labelledby="speedup"><h2 id="speedup">Speedup of SSD</h2>
<p>Median time of each curve divided by SSD's (ssd/chunked) at the same size. The 95% interval combines the order-statistic intervals of
the two medians on the log scale (MOVER, Donner and Zou 2012); it covers noise within this run, not differences between runs.</p>
<details><summary>All ratios</summary>${plainTable(titles, lines, 3)}</details></section>`;
}

function growthSection(rows: readonly Row[]): string {
  const lines = groups(rows).flatMap(({ suite, group }) =>
    bestCurves(group).flatMap((curve) => {
      const growth = growthOf(curve);
      if (!growth) return [];
      const { exponent, low, high, from, to, points } = growth;
      const range = `${formatSize(from)} to ${formatSize(to)} (${points} sizes)`;
      const name = `${curve.family.name} (${curve.implementation})`;
      return [
        [
          suite,
          `${group.device}, ${group.dtype}`,
          name,
          range,
          exponent.toFixed(3),
          `${low.toFixed(3)} to ${high.toFixed(3)}`,
        ],
      ];
    }),
  );
  if (lines.length === 0) return "";
  return `<section aria-labelledby="growth"><h2 id="growth">Growth exponents</h2>
<p>Time goes as size to this power: slope of log time over log size by weighted least squares over the five largest measured sizes. Weights
come from each median's 95% interval (none counts as better known than 1%); the interval is Student's t, widened where points
scatter more.</p>
${plainTable(["Suite", "Device", "Curve", "Sizes", "Exponent", "95% interval"], lines, 4)}</section>`;
}

function fairnessSection(rows: readonly Row[]): string {
  const lines = fairnessSheet(rows);
  if (lines.length === 0) return "";
  const table = plainTable(SHEET_TITLES, lines, SHEET_TITLES.length);
  return `<section class="wide" aria-labelledby="fairness"><h2 id="fairness">Fairness sheet</h2>
<p>What the time of each curve is of. Where curves of one chart differ in dtype, threads, clock or TF32, its subtitle says so. Launch:
whether starting the kernels lies inside the time. Cache: every run follows another of the same case, so what fits a cache is there
(warm).</p>
${scrolled("fairness", table)}</section>`;
}

/** More of them than this no browser sorts. */
const ROWS = 10_000;

function rowsSection(run: RunRecord, rows: readonly Row[]): string {
  const head = COLUMNS.map(
    ({ title, numeric }) => `<th scope="col"${numeric ? ' class="number"' : ""}>${escapeHtml(title)}</th>`,
  );
  const statuses = [...new Set(rows.map((row) => row.status))];
  const shown = rows.slice(0, ROWS);
  const rest =
    shown.length === rows.length
      ? ""
      : `<p>The first ${ROWS} of ${rows.length} cases; results.csv has all.</p>`;
  return `<section class="wide" aria-labelledby="all"><h2 id="all">All cases</h2>
<div class="controls" hidden>
<label>Filter (all words must occur)<input id="filter" type="search" placeholder="ssd/chunked length=4096"></label>
<label>Status<select id="status"><option value="">all</option>${statuses.map((s) => `<option>${s}</option>`).join("")}</select></label>
<span id="count" role="status"></span>
</div>
<div class="scroll" role="region" aria-labelledby="all" tabindex="0">
<table id="rows"><thead><tr>${head.join("")}</tr></thead><tbody>
${shown.map((row) => rowLine(run, row)).join("\n")}
</tbody></table></div>${rest}</section>`;
}

function rowLine(run: RunRecord, row: Row): string {
  const cells = COLUMNS.map((column) => {
    const { text, value } = column.cell(row);
    const classes = [column.numeric ? "number" : "", column.title === "Status" ? row.status : ""]
      .filter(Boolean)
      .join(" ");
    const sort = value === undefined ? "" : ` data-v="${escapeHtml(value)}"`;
    const repeat =
      column.title === "Case"
        ? `<details><summary>repeat</summary><code>${escapeHtml(caseCommand(run, row))}</code></details>`
        : "";
    const shown = column.title === "Case" ? `<code>${escapeHtml(text)}</code>` : escapeHtml(text);
    return `<td${classes ? ` class="${classes}"` : ""}${sort}>${shown}${repeat}</td>`;
  });
  return `<tr data-status="${row.status}">${cells.join("")}</tr>`;
}

function environmentSection(run: RunRecord, rows: readonly Row[]): string {
  const lines = [
    ["command", run.command],
    ["started", run.startedUtc],
    ["commit", [...new Set(rows.map((row) => row.commit))].join(", ")],
    ["devices", [...new Set(rows.map((row) => row.device))].join("; ")],
    ...flat(run.environment),
    ...[...groupBy(rows, (row) => `${row.engine} on ${row.device}`)].flatMap(([name, own]) =>
      details(name, own),
    ),
  ];
  return `<section aria-labelledby="environment"><h2 id="environment">Environment</h2>${plainTable(["Key", "Value"], lines, 9)}</section>`;
}

/** Details of an engine's device that all its rows share. */
function details(name: string, own: readonly Row[]): string[][] {
  const [first, ...rest] = own.map((row) => row.details ?? {});
  const shared = Object.entries(first).filter(([key, value]) => rest.every((other) => other[key] === value));
  return shared.map(([key, value]) => [`${name}: ${key}`, String(value)]);
}

function flat(value: Readonly<Record<string, unknown>>, prefix = ""): string[][] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const isGroup = typeof inner === "object" && inner !== null && !Array.isArray(inner);
    if (isGroup) return flat(inner as Record<string, unknown>, `${prefix}${key}.`);
    return [[`${prefix}${key}`, typeof inner === "string" ? inner : JSON.stringify(inner)]];
  });
}
