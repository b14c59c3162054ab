/** Figure 10, right: time over state size at one length, both axes linear, attention a level line because it has no state. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Curve, type Group, groupsOf } from "../curves.js";
import { formatSize } from "../format.js";
import type { Row, RunRecord } from "../row.js";
import { caption } from "./caption.js";
import { figure } from "./figure.js";
import { type Layer, type PanelOptions, panel } from "./panel.js";
import { linearAxis, linearSizeAxis } from "./scale.js";
import { LIGHT, type Theme } from "./theme.js";

/** What is this many times above SSD and the Mamba-1 scan leaves the panel at the top, its time named there. */
const OFF_SCALE = 3;

export function statePanel(
  group: Group,
  theme: Theme,
  size: Pick<PanelOptions, "width" | "height" | "labels">,
): Layer {
  const curves = bestCurves(group);
  const sizes = curves.flatMap((curve) => curve.points.flatMap(({ x }) => (x === undefined ? [] : [x])));
  return panel(curves, {
    ...size,
    theme,
    title: "Time over state size",
    subtitle: [
      [group.device, group.dtype, group.length === undefined ? "" : `length ${formatSize(group.length)}`]
        .filter(Boolean)
        .join(" · "),
    ],
    xTitle: "State size N",
    x: linearSizeAxis(sizes),
    y: linearAxis(heights(curves)),
  });
}

function heights(curves: readonly Curve[]): number[] {
  const tops = (some: readonly Curve[]) => some.flatMap(({ points }) => points.map(({ highNs }) => highNs));
  const compared = tops(curves.filter(({ family }) => family.key === "ssd" || family.key === "scan"));
  const limit = compared.length === 0 ? Number.POSITIVE_INFINITY : OFF_SCALE * Math.max(...compared);
  return curves.flatMap((curve) => {
    const own = tops([curve]);
    return own.some((top) => top > limit) ? [] : own;
  });
}

export function stateSizeChart(run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec {
  const [group] = groupsOf(rows, "state");
  const block = statePanel(group, theme, { width: 460, height: 330, labels: "full" });
  return figure([block], caption({ run, rows, group, curves: bestCurves(group) }), 640, theme);
}
