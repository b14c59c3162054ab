/** What a run leaves for people: a chart a suite (SVG, PNG, spec) and report.html, all from rows alone. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TopLevelSpec } from "vega-lite";
import { figure10Chart } from "./charts/figure-10.js";
import { chartOf } from "./charts/index.js";
import { renderPng, renderSvg } from "./charts/render.js";
import { speedupChart } from "./charts/speedup.js";
import { groupBy } from "./curves.js";
import { reportHtml } from "./html/report.js";
import type { Row, RunRecord } from "./row.js";

/** Writes into `dir` (made if missing) and returns the paths in the order to print them. Suites keep the order of the rows. */
export async function publish(run: RunRecord, rows: readonly Row[], dir: string): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const paths: string[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    const path = join(dir, name);
    await writeFile(path, content);
    paths.push(path);
  };
  const draw = async (name: string, spec: TopLevelSpec | undefined) => {
    if (!spec) return;
    const svg = await renderSvg(spec);
    await write(`${name}.svg`, svg);
    await write(`${name}.png`, renderPng(svg));
    await write(`${name}.vl.json`, `${JSON.stringify(spec, null, 1)}\n`);
  };
  for (const [suite, members] of groupBy(rows, (row) => row.suite)) {
    await draw(suite, chartOf(suite, members)(run, members));
  }
  await draw("figure-10", figure10Chart(run, rows));
  await draw("speedup", speedupChart(run, rows));
  await write("report.html", reportHtml(run, rows));
  return paths;
}
