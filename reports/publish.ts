/** What a run leaves for people: charts (SVG, PNG, spec) and report.html, all from rows alone. */
import type { TopLevelSpec } from "vega-lite";
import { groupBy } from "./analysis/curves.js";
import { drawable } from "./analysis/drawable.js";
import { fairnessMarkdown } from "./analysis/fairness.js";
import { figure10Chart } from "./charts/figure-10.js";
import { chartOf } from "./charts/index.js";
import { PNG_SCALE, renderPng, renderSvg } from "./charts/render.js";
import { speedupChart } from "./charts/speedup.js";
import { DARK, LIGHT, type Theme } from "./charts/theme.js";
import { plural } from "./format.js";
import { type ReportChart, reportHtml } from "./html/report.js";
import { reasonOf, StoreError } from "./rows/errors.js";
import { makeFolder, writeInto } from "./rows/folder.js";
import type { Row, RunRecord } from "./rows/row.js";

interface Plan {
  readonly name: string;
  draw(theme: Theme): TopLevelSpec | undefined;
}

/** A sentence for stderr; a failure is a chart that should be there. */
export type Problem = (sentence: string, isFailure: boolean) => void;

/** Drawing takes a fifth of a second a suite: a file with more than this has its charts by name, `report --suite`. */
const CHARTED_SUITES = 12;
/** Names that the charts of several suites have. */
const TAKEN = ["figure-10", "speedup", "results", "report", "fairness"];

/** A chart a suite, in the order of the rows; both panels side by side, and the speedups, where their suites are there. */
function plans(run: RunRecord, rows: readonly Row[], problem: Problem): Plan[] {
  const bySuite = [...groupBy(rows, (row) => row.suite)];
  const charted = bySuite.slice(0, CHARTED_SUITES);
  if (charted.length < bySuite.length)
    problem(
      `charts are drawn of the first ${charted.length} of ${bySuite.length} suites; report --suite NAME draws another one`,
      false,
    );
  const drawn: Row[] = [];
  const suites = charted.map(([suite, all]) => {
    const { rows: members, left } = drawable(suite, all);
    if (left > 0)
      problem(`the chart of ${suite} leaves ${plural(left, "case")} to the tables: too many to draw`, false);
    drawn.push(...members);
    const chart = chartOf(suite, members);
    const name = TAKEN.includes(suite) ? `suite-${suite}` : suite;
    return { name, draw: (theme: Theme) => chart(run, members, theme) };
  });
  return [
    ...suites,
    { name: "figure-10", draw: (theme) => figure10Chart(run, drawn, theme) },
    { name: "speedup", draw: (theme) => speedupChart(run, drawn, theme) },
  ];
}

/** A figure of a dozen panels would take longer to rasterise than all the others together. */
const MOST_PIXELS = 16e6;

function scaleOf(svg: string): number {
  const [, width, height] = /^<svg[^>]* width="([\d.]+)"[^>]* height="([\d.]+)"/.exec(svg)?.map(Number) ?? [];
  return Math.max(1, Math.min(PNG_SCALE, Math.sqrt(MOST_PIXELS / (width * height)) || PNG_SCALE));
}

/**
 * Writes into `dir` (made if missing) and returns the paths in the order to print them. A chart that cannot be drawn is told, and
 * costs no other.
 * @throws StoreError when something stands in a file's way
 */
export async function publish(
  run: RunRecord,
  rows: readonly Row[],
  dir: string,
  problem: Problem = () => {},
): Promise<string[]> {
  makeFolder(dir);
  const paths: string[] = [];
  const write = (name: string, content: string | Uint8Array) => {
    paths.push(writeInto(dir, name, content));
  };
  const charts: ReportChart[] = [];
  for (const { name, draw } of plans(run, rows, problem)) {
    try {
      const [light, dark] = [draw(LIGHT), draw(DARK)];
      if (!light || !dark) continue;
      const svg = await renderSvg(light);
      const png = renderPng(svg, scaleOf(svg));
      write(`${name}.svg`, svg);
      write(`${name}.png`, png);
      write(`${name}.vl.json`, `${JSON.stringify(light, null, 1)}\n`);
      // The report has the two panels one by one already.
      if (name !== "figure-10") charts.push({ name, light, dark, svg });
    } catch (error) {
      if (error instanceof StoreError) throw error;
      problem(`the chart ${name} could not be drawn: ${reasonOf(error)}; its rows are in the tables`, true);
    }
  }
  const sheet = fairnessMarkdown(rows);
  if (sheet.length > 0) write("fairness.md", `${sheet.join("\n")}\n`);
  write("report.html", reportHtml(run, rows, charts));
  return paths;
}
