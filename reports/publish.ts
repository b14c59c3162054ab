/** What a run leaves for people: charts (SVG, PNG, spec, numbers, PDF where wanted) and report.html, all from rows alone. */
import type { TopLevelSpec } from "vega-lite";
import { groupBy } from "./analysis/curves.js";
import { fairnessMarkdown } from "./analysis/fairness.js";
import { figure10Chart } from "./charts/figure-10.js";
import { floorChart } from "./charts/floor.js";
import { chartOf } from "./charts/index.js";
import type { PaletteName } from "./charts/palettes.js";
import { keepCurves } from "./charts/paper/select.js";
import { drawWithoutComplaint } from "./charts/print/page.js";
import { renderSvg } from "./charts/render.js";
import { accuracyChart } from "./charts/scatter/accuracy.js";
import { rooflineChart } from "./charts/scatter/roofline.js";
import { type JsonObject, mergeSpec } from "./charts/spec/merge.js";
import { speedupChart } from "./charts/speedup.js";
import { DARK, LIGHT, type Theme } from "./charts/theme.js";
import { claimsMarkdown } from "./claims.js";
import { type ReportChart, reportHtml } from "./html/report.js";
import { Folder } from "./publish/folder.js";
import { writeScreenPicture } from "./publish/pictures.js";
import type { Row, RunRecord } from "./rows/row.js";

interface Plan {
  readonly name: string;
  draw(theme: Theme): TopLevelSpec | undefined;
}

/** How the charts of a run look; nothing of it is needed. */
export interface PublishOptions {
  /** A PDF beside each picture. */
  readonly pdf?: boolean;
  /** Pictures on a dark page; report.html has both. */
  readonly dark?: boolean;
  readonly palette?: PaletteName;
  /** Only these curves; see charts/paper/select.ts. */
  readonly curves?: readonly string[];
  /** Over each chart. */
  readonly title?: string;
  /** Merged into each chart. */
  readonly spec?: JsonObject;
}

/** A chart a suite, in the order of the rows; then those of several suites, where they have something to show. */
function plans(run: RunRecord, rows: readonly Row[]): Plan[] {
  const suites = [...groupBy(rows, (row) => row.suite)].map(([suite, members]) => {
    const chart = chartOf(suite, members);
    return { name: suite, draw: (theme: Theme) => chart(run, members, theme) };
  });
  return [
    ...suites,
    { name: "figure-10", draw: (theme) => figure10Chart(run, rows, theme) },
    { name: "speedup", draw: (theme) => speedupChart(run, rows, theme) },
    { name: "roofline", draw: (theme) => rooflineChart(run, rows, theme) },
    { name: "floor", draw: (theme) => floorChart(run, rows, theme) },
    { name: "accuracy", draw: (theme) => accuracyChart(run, rows, theme) },
  ];
}

/** Writes into `dir` (made if missing) and returns the paths in the order to print them. @throws NoSuchCurve, PageError, PdfError */
export async function publish(
  run: RunRecord,
  allRows: readonly Row[],
  dir: string,
  options: PublishOptions = {},
): Promise<string[]> {
  const rows = keepCurves(allRows, options.curves ?? []);
  const folder = await Folder.at(dir);
  const charts: ReportChart[] = [];
  for (const { name, draw } of plans(run, rows)) {
    const [light, dark] = [LIGHT, DARK].map((theme) => finished(draw(themed(theme, options)), options));
    if (!light || !dark) continue;
    const spec = options.dark ? dark : light;
    // our own charts are drawn whatever Vega says of them; a user hears of their fragment
    const svg = options.spec ? await drawWithoutComplaint(spec) : await renderSvg(spec);
    await writeScreenPicture(folder, { name, spec, svg }, options.pdf === true);
    // The report has the two panels one by one already.
    if (name !== "figure-10") charts.push({ name, light, dark, svg });
  }
  const sheet = fairnessMarkdown(rows);
  if (sheet.length > 0) await folder.write("fairness.md", `${sheet.join("\n")}\n`);
  if (rows.length > 0) await folder.write("claims.md", claimsMarkdown(rows));
  await folder.write("report.html", reportHtml(run, rows, charts));
  return folder.done();
}

function themed(theme: Theme, { palette }: PublishOptions): Theme {
  return palette === undefined ? theme : { ...theme, palette };
}

/** With the user's title and fragment. */
function finished(spec: TopLevelSpec | undefined, options: PublishOptions): TopLevelSpec | undefined {
  if (!spec) return undefined;
  const { title, spec: fragment } = options;
  const titled = title === undefined ? spec : { ...spec, title: { text: title, fontSize: 16 } };
  return fragment === undefined ? titled : mergeSpec(titled, fragment);
}
