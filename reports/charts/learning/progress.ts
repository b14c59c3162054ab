/** Learning curves: the test over the steps of training, a panel for each task and width. */
import type { TopLevelSpec } from "vega-lite";
import { groupBy } from "../../analysis/series.js";
import { type LearntGroup, learntGroups, modelName, progressCurves } from "../../learning/curves.js";
import type { RunRecord } from "../../rows/row.js";
import type { TrainingRow } from "../../rows/training.js";
import { origin } from "../caption.js";
import { type Block, figure, keyBlock } from "../figure.js";
import { panel } from "../panel/panel.js";
import type { Theme } from "../theme.js";
import {
  ACCURACY,
  drawnLearning,
  LOSS,
  lossAxis,
  SHARE_AXIS,
  settingWords,
  stepsAxis,
  taskWords,
} from "./panels.js";

const WIDTH = 900;
const PANEL = { width: 240, height: 200, labels: "none" } as const;
const PANELS_A_ROW = 3;

/** A curve is a model; of a hybrid with several shares, a share. */
function curveName(row: TrainingRow): { readonly key: string; readonly name: string } {
  return row.share === undefined
    ? modelName(row)
    : { key: `share-${row.share}`, name: `${row.share}% attention` };
}

export function progressChart(run: RunRecord, rows: readonly TrainingRow[], theme: Theme): TopLevelSpec {
  const names = new Map(rows.map(curveName).map(({ key, name }) => [key, name]));
  const families = [...names.keys()];
  const panels = learntGroups(rows).flatMap((group) =>
    [...groupBy(group.rows, ({ modelDim, rate }) => `${modelDim} ${rate}`).values()].map((some) =>
      progressPanel(group, some, theme, families),
    ),
  );
  const lines = [
    "The test at steps of training, mean over seeds; bands reach from the least to the largest seed. A training ends early where its " +
      "test has nothing left to ask for.",
    settingWords(rows),
    origin(run, rows),
  ];
  const blocks: Block[] = [];
  for (let i = 0; i < panels.length; i += PANELS_A_ROW)
    blocks.push({ spacing: 30, hconcat: panels.slice(i, i + PANELS_A_ROW) });
  return figure([...blocks, keyBlock("Models", names, families, WIDTH, theme)], lines, WIDTH, theme);
}

function progressPanel(
  group: LearntGroup,
  rows: readonly TrainingRow[],
  theme: Theme,
  families: readonly string[],
) {
  const [{ modelDim, rate, share }] = rows;
  const isRecall = share === undefined;
  const curves = progressCurves(rows, curveName, isRecall ? "accuracy" : "testLoss");
  return panel(curves.map(drawnLearning), {
    ...{ ...PANEL, theme, families, quantity: isRecall ? ACCURACY : LOSS },
    title: `Width ${modelDim}, rate ${rate}`,
    subtitle: [taskWords(group)],
    xTitle: "Steps",
    x: stepsAxis(curves),
    y: isRecall ? SHARE_AXIS : lossAxis(curves),
  });
}
