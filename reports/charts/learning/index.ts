/** Which charts show the trainings of a suite. */
import type { TopLevelSpec } from "vega-lite";
import type { RunRecord } from "../../rows/row.js";
import type { TrainingRow } from "../../rows/training.js";
import type { Theme } from "../theme.js";
import { progressChart } from "./progress.js";
import { recallChart } from "./recall.js";
import { shareChart } from "./share.js";

export interface LearningChart {
  readonly name: string;
  draw(theme: Theme): TopLevelSpec | undefined;
}

/** Results first, then how they came about. */
export function learningCharts(
  run: RunRecord,
  suite: string,
  rows: readonly TrainingRow[],
): readonly LearningChart[] {
  const result = rows.some(({ share }) => share !== undefined) ? shareChart : recallChart;
  const withCurves = rows.filter(({ curve }) => curve.length > 0);
  return [
    { name: suite, draw: (theme) => result(run, rows, theme) },
    {
      name: `${suite}-curves`,
      draw: (theme) => (withCurves.length > 0 ? progressChart(run, withCurves, theme) : undefined),
    },
  ];
}
