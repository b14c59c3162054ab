/** Recall over width, a panel for each length, a curve for each model (arXiv 2405.21060, figure 8). */
import type { TopLevelSpec } from "vega-lite";
import { accuracyCurves, learntGroups } from "../../learning/curves.js";
import type { RunRecord } from "../../rows/row.js";
import type { TrainingRow } from "../../rows/training.js";
import { origin } from "../caption.js";
import { figure, keyBlock } from "../figure.js";
import { panel } from "../panel/panel.js";
import { sizeAxis } from "../scale.js";
import type { Theme } from "../theme.js";
import { ACCURACY, drawnLearning, SHARE_AXIS, settingWords, taskWords } from "./panels.js";

const WIDTH = 900;
const PANEL = { width: 240, height: 240, labels: "none" } as const;

export function recallChart(run: RunRecord, rows: readonly TrainingRow[], theme: Theme): TopLevelSpec {
  const groups = learntGroups(rows);
  const curves = groups.map(accuracyCurves);
  const names = new Map(curves.flat().map(({ key, name }) => [key, name]));
  const families = [...names.keys()];
  const panels = groups.map((group, i) =>
    panel(curves[i].map(drawnLearning), {
      ...{ ...PANEL, theme, families, quantity: ACCURACY, y: SHARE_AXIS },
      title: `Recall, ${taskWords(group).split(" · ")[0]}`,
      subtitle: [taskWords(group).split(" · ")[1]],
      xTitle: "Width of the model",
      x: sizeAxis(curves[i].flatMap(({ points }) => points.map(({ x }) => x))),
      yTitle: i === 0,
    }),
  );
  const lines = [
    "Share of right answers to a test that no training has seen, mean over seeds; bars and bands reach from the least to the largest " +
      "seed. Of several learning rates each point shows the one with the best mean.",
    settingWords(rows),
    origin(run, rows),
  ];
  const key = keyBlock("Models", names, families, WIDTH, theme);
  return figure([{ spacing: 30, hconcat: panels }, key], lines, WIDTH, theme);
}
