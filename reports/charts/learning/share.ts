/** Loss over the share of layers that attend (arXiv 2405.21060, section 9.2.3 and table 2). */
import type { TopLevelSpec } from "vega-lite";
import { learntGroups, lossCurve } from "../../learning/curves.js";
import type { RunRecord } from "../../rows/row.js";
import type { TrainingRow } from "../../rows/training.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import { panel } from "../panel/panel.js";
import { type Axis, linearAxis } from "../scale.js";
import type { Theme } from "../theme.js";
import { drawnLearning, LOSS, settingWords, taskWords } from "./panels.js";

const WIDTH = 640;
const PANEL = { width: 420, height: 260, labels: "names" } as const;

export function shareChart(run: RunRecord, rows: readonly TrainingRow[], theme: Theme): TopLevelSpec {
  const panels = learntGroups(rows).map((group) => {
    const curve = lossCurve(group);
    const shares = curve.points.map(({ x }) => x);
    const [{ modelDim }] = group.rows;
    return panel([drawnLearning(curve)], {
      ...{ ...PANEL, theme, families: [curve.key], quantity: LOSS },
      title: "Loss over the share of attention",
      subtitle: [`${group.layers} layers of width ${modelDim} · ${taskWords(group)}`],
      xTitle: "Layers that attend (%)",
      x: { ...linearAxis([100]), ticks: shares, name: String } satisfies Axis,
      y: linearAxis(curve.points.map(({ high }) => high)),
    });
  });
  const floors = [...new Set(rows.flatMap(({ floor }) => floor ?? []))];
  const sizes = [...new Set(rows.map(({ parameters }) => parameters))].sort((a, b) => a - b);
  const lines = [
    "Mean over seeds of the loss on sequences that no training has seen; bars reach from the least to the largest seed." +
      (floors.length === 1 ? ` Whoever knows a sequence's table loses ${floors[0].toFixed(3)} nats.` : ""),
    `Numbers that learn: ${[...new Set([sizes[0], sizes.at(-1)])].join(" to ")}. ${settingWords(rows)}`,
    origin(run, rows),
  ];
  return figure(panels, lines, WIDTH, theme);
}
