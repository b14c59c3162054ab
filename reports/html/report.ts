/** report.html: one self-contained file. Everything that comes from rows is escaped; the page may load nothing. */
import type { Comparison } from "../analysis/compare/compare.js";
import { findings } from "../analysis/findings.js";
import type { Row, RunRecord } from "../rows/row.js";
import type { TrainingRow } from "../rows/training.js";
import { chartFigure, type ReportChart } from "./chart.js";
import { escapeHtml, escapeScript } from "./escape.js";
import { EARLY_SCRIPT, pageScript, scriptHash } from "./script.js";
import { accuracySection } from "./sections/accuracy.js";
import { CASE_DIALOG, casesData, casesSection } from "./sections/cases.js";
import { claimsSection } from "./sections/claims.js";
import { compareSection } from "./sections/compare.js";
import { environmentSection } from "./sections/environment.js";
import { fairnessSection } from "./sections/fairness.js";
import { growthSection } from "./sections/growth.js";
import { learningSection } from "./sections/learning.js";
import { ownSection } from "./sections/own.js";
import { speedupSection } from "./sections/speedup.js";
import { STYLE } from "./style.js";

/** Two sides of runs, and what they are in words. */
export interface ReportComparison {
  readonly comparison: Comparison;
  readonly sides: readonly string[];
}

/** What not every report has. */
export interface ReportParts {
  readonly compared?: ReportComparison;
  readonly trainings?: readonly TrainingRow[];
}

export function reportHtml(
  run: RunRecord,
  rows: readonly Row[],
  charts: readonly ReportChart[],
  { compared, trainings = [] }: ReportParts = {},
): string {
  const [early, script] = [EARLY_SCRIPT, pageScript()].map(escapeScript);
  const scripts = [early, script].map(scriptHash).join(" ");
  const policy = `default-src 'none'; script-src ${scripts}; style-src 'unsafe-inline'; img-src data:`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dualbench report, ${escapeHtml(run.startedUtc)}</title>
<script>${early}</script>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#all">Skip to all cases</a>
<header class="top">
<div><h1>dualbench report</h1>
<p class="faint">${escapeHtml(run.startedUtc)} · ${origin(run)}</p></div>
<button type="button" class="theme" hidden>Dark theme</button>
</header>
<main>
<section aria-labelledby="findings"><h2 id="findings">What this run shows</h2>
${findings(rows)
  .map((sentence) => `<p>${escapeHtml(sentence)}</p>`)
  .join("\n")}
</section>
${compared ? compareSection(compared.comparison, compared.sides) : ""}
${chartsSection(charts)}
${learningSection(trainings)}
${claimsSection(rows)}
${ownSection(rows)}
${speedupSection(rows)}
${accuracySection(rows)}
${growthSection(rows)}
${fairnessSection(rows)}
${casesSection(rows)}
${environmentSection(run, rows)}
</main>
${CASE_DIALOG}
${casesData(run, rows)}
<script type="module">${script}</script>
</body>
</html>
`;
}

function origin({ command, commands }: RunRecord): string {
  return commands
    ? `<a href="#environment">${commands.length} commands</a>, merged`
    : `<code>${escapeHtml(command)}</code>`;
}

function chartsSection(charts: readonly ReportChart[]): string {
  if (charts.length === 0) return "";
  return `<section class="wide" aria-labelledby="charts"><h2 id="charts">Charts</h2>
<p class="faint">A click on a point, or Enter where the arrow keys have gone, opens its case and the command that repeats it.</p>
<div class="charts">${charts.map(chartFigure).join("\n")}</div>
</section>`;
}
