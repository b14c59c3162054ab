/** The files of a comparison: picture, CSV, Markdown, and report.html with the runs after. */
import type { Comparison } from "../analysis/compare/compare.js";
import { compareChart } from "../charts/compare/forest.js";
import { renderSvg } from "../charts/render.js";
import { DARK, LIGHT } from "../charts/theme.js";
import { compareCsv } from "../compare/csv.js";
import { compareMarkdown } from "../compare/words.js";
import { type ReportChart, reportChart } from "../html/chart.js";
import { reportHtml } from "../html/report.js";
import type { Row, RunRecord } from "../rows/row.js";
import { Folder } from "./folder.js";
import { writeScreenPicture } from "./pictures.js";

export interface ComparePublication {
  readonly comparison: Comparison;
  /** What was compared, in words. */
  readonly sides: readonly string[];
  /** The runs after as one; report.html shows their cases. */
  readonly run: RunRecord;
  readonly rows: readonly Row[];
  readonly pdf: boolean;
  readonly dark: boolean;
}

/** Writes into `dir` (made if missing) and returns the paths in the order to print them. */
export async function publishComparison(dir: string, options: ComparePublication): Promise<string[]> {
  const { comparison, sides, run, rows, pdf } = options;
  const folder = new Folder(dir);
  const charts: ReportChart[] = [];
  const [light, dark] = [LIGHT, DARK].map((theme) => compareChart(comparison, sides, theme));
  const csv = compareCsv(comparison);
  if (light && dark) {
    const spec = options.dark ? dark : light;
    const svg = await renderSvg(spec);
    await writeScreenPicture(folder, { name: "compare", spec, svg, csv }, pdf);
    charts.push(await reportChart("compare", light));
  } else folder.write("compare.csv", csv);
  folder.write("compare.md", compareMarkdown(comparison, sides));
  folder.write("report.html", reportHtml(run, rows, charts, { compared: { comparison, sides } }));
  return folder.done();
}
