/** Figure 10, left: time over sequence length, both axes logarithmic. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Group, groupsOf } from "../curves.js";
import type { Row, RunRecord } from "../row.js";
import { caption } from "./caption.js";
import { figure } from "./figure.js";
import { type Layer, type PanelOptions, panel } from "./panel.js";
import { logAxis, sizeAxis } from "./scale.js";
import { LIGHT, type Theme } from "./theme.js";

export function lengthPanel(
  group: Group,
  theme: Theme,
  size: Pick<PanelOptions, "width" | "height" | "labels">,
): Layer {
  const curves = bestCurves(group);
  const points = curves.flatMap((curve) => curve.points);
  return panel(curves, {
    ...size,
    theme,
    title: "Time over sequence length",
    subtitle: [
      [group.device, group.dtype, group.state === undefined ? "" : `N = ${group.state}`]
        .filter(Boolean)
        .join(" · "),
    ],
    xTitle: "Sequence length (tokens, K = 1024)",
    x: sizeAxis(points.map((point) => point.x!)),
    y: logAxis(points.flatMap((point) => [point.lowNs, point.highNs])),
  });
}

export function sequenceLengthChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec {
  const [group] = groupsOf(rows, "length");
  const block = lengthPanel(group, theme, { width: 460, height: 330, labels: "full" });
  return figure([block], caption({ run, rows, group, curves: bestCurves(group) }), 640, theme);
}
