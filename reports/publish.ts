/** What a run leaves for people: charts (SVG, PNG, spec, numbers, PDF where wanted) and report.html, all from rows alone. */
import type { TopLevelSpec } from "vega-lite";
import { asksThePaper } from "./analysis/claims.js";
import { drawable } from "./analysis/drawable.js";
import { fairnessMarkdown } from "./analysis/fairness.js";
import { groupBy } from "./analysis/series.js";
import { peersChart } from "./charts/compare/peers.js";
import { figure10Chart } from "./charts/figure-10.js";
import { chartOf } from "./charts/index.js";
import { learningCharts } from "./charts/learning/index.js";
import { floorChart, memoryChart } from "./charts/over-size.js";
import { keepCurves } from "./charts/paper/select.js";
import { drawWithoutComplaint } from "./charts/print/page.js";
import { renderSvg } from "./charts/render.js";
import { accuracyChart } from "./charts/scatter/accuracy.js";
import { rooflineChart } from "./charts/scatter/roofline.js";
import { speedupChart } from "./charts/speedup.js";
import { boundsChart } from "./charts/strips/bounds.js";
import { growthChart } from "./charts/strips/growth.js";
import { spreadChart } from "./charts/strips/spread.js";
import { DARK, LIGHT, type Theme } from "./charts/theme.js";
import { claimsMarkdown } from "./claims.js";
import { plural } from "./format.js";
import { type ReportChart, reportChart } from "./html/chart.js";
import { reportHtml } from "./html/report.js";
import { Folder } from "./publish/folder.js";
import { finished, type PublishOptions, themed } from "./publish/options.js";
import { writeScreenPicture } from "./publish/pictures.js";
import { reasonOf, StoreError } from "./rows/errors.js";
import type { Row, RunRecord } from "./rows/row.js";
import type { TrainingRow } from "./rows/training.js";
import { trainingsCsv } from "./rows/training-csv.js";

interface Plan {
  readonly name: string;
  draw(theme: Theme): TopLevelSpec | undefined;
}

/** A sentence for stderr; a failure is a chart that should be there. */
export type Problem = (sentence: string, isFailure: boolean) => void;

/** Drawing takes a fifth of a second a suite: a file with more than this has its charts by name, `report --suite`. */
const CHARTED_SUITES = 8;
/** Names that the charts of several suites have. */
const TAKEN = [
  ...["figure-10", "speedup", "roofline", "floor", "memory", "accuracy", "compare"],
  ...["peers", "growth", "bounds", "samples"],
  ...["results", "report", "fairness", "claims"],
];

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
    { name: "roofline", draw: (theme) => rooflineChart(run, drawn, theme) },
    { name: "floor", draw: (theme) => floorChart(run, drawn, theme) },
    { name: "memory", draw: (theme) => memoryChart(run, drawn, theme) },
    { name: "accuracy", draw: (theme) => accuracyChart(run, drawn, theme) },
    { name: "peers", draw: (theme) => peersChart(run, drawn, theme) },
    { name: "growth", draw: (theme) => growthChart(run, drawn, theme) },
    { name: "bounds", draw: (theme) => boundsChart(run, drawn, theme) },
    { name: "samples", draw: (theme) => spreadChart(run, drawn, theme) },
  ];
}

/** Of trainings, a suite after another. */
function learningPlans(run: RunRecord, trainings: readonly TrainingRow[]): Plan[] {
  const suites = [...groupBy(trainings, ({ suite }) => suite)];
  return suites.flatMap(([suite, rows]) => learningCharts(run, suite, rows));
}

/**
 * Writes into `dir` (made if missing) and returns the paths in the order to print them. A chart that cannot be drawn is told, and
 * costs no other.
 * @throws StoreError when something stands in a file's way
 */
export async function publish(
  run: RunRecord,
  allRows: readonly Row[],
  dir: string,
  problem: Problem = () => {},
  options: PublishOptions = {},
): Promise<string[]> {
  const rows = keepCurves(allRows, options.curves ?? []);
  const folder = new Folder(dir);
  const charts: ReportChart[] = [];
  const { trainings = [] } = options;
  for (const { name, draw } of [...plans(run, rows, problem), ...learningPlans(run, trainings)]) {
    try {
      const inTheme = (theme: Theme) => finished(draw(themed(theme, options)), options);
      const light = inTheme(LIGHT);
      const spec = options.dark ? inTheme(DARK) : light;
      if (!light || !spec) continue;
      // our own charts are drawn whatever Vega says of them; a user hears of their fragment
      const svg = options.spec ? await drawWithoutComplaint(spec) : await renderSvg(spec);
      await writeScreenPicture(folder, { name, spec, svg }, options.pdf === true);
      // The report has the two panels one by one already.
      if (name !== "figure-10") charts.push(await reportChart(name, light));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      problem(`the chart ${name} could not be drawn: ${reasonOf(error)}; its rows are in the tables`, true);
    }
  }
  const sheet = fairnessMarkdown(rows);
  if (sheet.length > 0) folder.write("fairness.md", `${sheet.join("\n")}\n`);
  if (asksThePaper(rows)) folder.write("claims.md", claimsMarkdown(rows));
  if (trainings.length > 0) folder.write("trainings.csv", trainingsCsv(trainings));
  folder.write("report.html", reportHtml(run, rows, charts, { trainings }));
  return folder.done((error) => problem(`a PNG could not be drawn: ${reasonOf(error)}`, true));
}
