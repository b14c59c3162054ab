/** What a run leaves for people: charts (SVG, PNG, spec) and report.html, all from rows alone. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TopLevelSpec } from "vega-lite";
import { groupBy } from "./analysis/curves.js";
import { fairnessMarkdown } from "./analysis/fairness.js";
import { figure10Chart } from "./charts/figure-10.js";
import { chartOf } from "./charts/index.js";
import { renderPng, renderSvg } from "./charts/render.js";
import { speedupChart } from "./charts/speedup.js";
import { DARK, LIGHT, type Theme } from "./charts/theme.js";
import { type ReportChart, reportHtml } from "./html/report.js";
import type { Row, RunRecord } from "./rows/row.js";

interface Plan {
  readonly name: string;
  draw(theme: Theme): TopLevelSpec | undefined;
}

/** A chart a suite, in the order of the rows; both panels side by side, and the speedups, where their suites are there. */
function plans(run: RunRecord, rows: readonly Row[]): Plan[] {
  const suites = [...groupBy(rows, (row) => row.suite)].map(([suite, members]) => {
    const chart = chartOf(suite, members);
    return { name: suite, draw: (theme: Theme) => chart(run, members, theme) };
  });
  return [
    ...suites,
    { name: "figure-10", draw: (theme) => figure10Chart(run, rows, theme) },
    { name: "speedup", draw: (theme) => speedupChart(run, rows, theme) },
  ];
}

/** Writes into `dir` (made if missing) and returns the paths in the order to print them. */
export async function publish(run: RunRecord, rows: readonly Row[], dir: string): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const paths: string[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    const path = join(dir, name);
    await writeFile(path, content);
    paths.push(path);
  };
  const charts: ReportChart[] = [];
  for (const { name, draw } of plans(run, rows)) {
    const [light, dark] = [draw(LIGHT), draw(DARK)];
    if (!light || !dark) continue;
    const svg = await renderSvg(light);
    await write(`${name}.svg`, svg);
    await write(`${name}.png`, renderPng(svg));
    await write(`${name}.vl.json`, `${JSON.stringify(light, null, 1)}\n`);
    // The report has the two panels one by one already.
    if (name !== "figure-10") charts.push({ name, light, dark, svg });
  }
  const sheet = fairnessMarkdown(rows);
  if (sheet.length > 0) await write("fairness.md", `${sheet.join("\n")}\n`);
  await write("report.html", reportHtml(run, rows, charts));
  return paths;
}
