/** Which chart shows which suite. A suite without a chart of its own is drawn over the axis that varies most. */
import type { TopLevelSpec } from "vega-lite";
import { xKeyOf } from "../analysis/series.js";
import type { Row, RunRecord } from "../rows/row.js";
import { logAxis, sizeAxis } from "./scale.js";
import { blockChart } from "./suites/block.js";
import { decodeChart } from "./suites/decode.js";
import { documentsChart } from "./suites/documents.js";
import { headsChart } from "./suites/heads.js";
import { modelsChart } from "./suites/models.js";
import { relativesChart } from "./suites/relatives.js";
import { sequenceLengthChart } from "./suites/sequence-length.js";
import { stateSizeChart } from "./suites/state-size.js";
import { trainingChart } from "./suites/training.js";
import type { Theme } from "./theme.js";
import { timeChart } from "./time-chart.js";

export type Chart = (run: RunRecord, rows: readonly Row[], theme?: Theme) => TopLevelSpec;

const CHARTS: Readonly<Record<string, Chart>> = {
  "sequence-length": sequenceLengthChart,
  "state-size": stateSizeChart,
  models: modelsChart,
  documents: documentsChart,
  training: trainingChart,
  decode: decodeChart,
  relatives: relativesChart,
  block: blockChart,
  heads: headsChart,
};

export function chartOf(suite: string, rows: readonly Row[]): Chart {
  // a suite may be called constructor
  return Object.hasOwn(CHARTS, suite) ? CHARTS[suite] : plainChart(suite, rows);
}

function plainChart(suite: string, rows: readonly Row[]): Chart {
  const xKey = xKeyOf(suite, rows);
  return timeChart({
    xKey,
    title: `Time over ${xKey}: ${suite.replaceAll("-", " ")}`,
    xTitle: xKey,
    x: sizeAxis,
    y: (curves) =>
      logAxis(curves.flatMap(({ points }) => points.flatMap((point) => [point.lowNs, point.highNs]))),
    fixed: ({ state }) => (state === undefined ? undefined : `N = ${state}`),
  });
}
