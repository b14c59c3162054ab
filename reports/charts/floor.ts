/** How much of the least possible time each curve takes: 100% is the floor that the ceilings of this run allow. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Curve, type Group, groupsOf } from "../analysis/curves.js";
import { groupBy, xKeyOf } from "../analysis/series.js";
import { formatNumber } from "../format.js";
import type { Row, RunRecord } from "../rows/row.js";
import { caption } from "./caption.js";
import { figure } from "./figure.js";
import type { DrawnCurve, DrawnPoint, Layer, Quantity } from "./panel/drawn.js";
import { panel } from "./panel/panel.js";
import { logAxis, sizeAxis } from "./scale.js";
import { LIGHT, type Theme } from "./theme.js";
import { coldly, familiesOf } from "./time-chart.js";

const WIDTH = 650;
/** Groups beyond these are in the table of all cases. */
const MOST_PANELS = 4;

const percent = (share: number) => `${formatNumber(100 * share, 3)}%`;

const SHARE: Quantity = {
  field: "share",
  title: "Share of the floor",
  tick: percent,
  text: percent,
  interval: (low, high) => `${percent(low)} to ${percent(high)}`,
};

/** Undefined where no row has the ceilings of its run. */
export function floorChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const groups = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).flatMap((group) => {
      const curves = bestCurves(group)
        .map(drawnShare)
        .filter(({ points }) => points.length > 0);
      return curves.length === 0 ? [] : [{ suite, group, curves }];
    }),
  );
  if (groups.length === 0) return undefined;
  // a workload of one size is a number in the tables: it takes no panel from curves
  const several = groups.filter(
    ({ curves }) => new Set(curves.flatMap(({ points }) => points.map(({ x }) => x))).size > 1,
  );
  const shown = (several.length > 0 ? several : groups).slice(0, MOST_PANELS);
  const families = familiesOf(shown.map(({ group }) => group));
  const how =
    "The operator's least work over this run's measured ceilings (the larger of operations over product rate and bytes over copy rate), " +
    "divided by the median time. Bands: from the 95% interval of the median.";
  const [, ...setting] = caption(
    run,
    rows,
    shown.map(({ group }) => group),
  );
  return figure(
    shown.map(({ group, curves }) => sharePanel(group, curves, families, theme)),
    [how, ...setting],
    WIDTH,
    theme,
  );
}

function drawnShare({ key, family, implementation, points }: Curve): DrawnCurve {
  const shares = points.flatMap(({ x, row, segment, joined }): DrawnPoint[] => {
    if (row.status !== "measured" || !row.rooflineFraction || !(row.ci95LowNs > 0)) return [];
    const value = row.rooflineFraction;
    const [low, high] = [row.ci95HighNs, row.ci95LowNs].map((ns) => (value * row.medianNs) / ns);
    return [{ x, value, low, high, measured: true, segment, joined, about: row.id }];
  });
  return { key, family: family.key, name: family.name, detail: implementation, points: shares };
}

function sharePanel(
  group: Group,
  curves: readonly DrawnCurve[],
  families: readonly string[],
  theme: Theme,
): Layer {
  const { xKey, device, dtype, state, pass } = group;
  const points = curves.flatMap((curve) => curve.points);
  const about = [
    device,
    dtype,
    state === undefined ? undefined : `N = ${state}`,
    pass && `${pass} pass`,
    coldly(group),
  ].filter(Boolean);
  const over = xKey === "length" ? "sequence length" : xKey === "state" ? "state size" : xKey;
  return panel(curves, {
    width: 460,
    height: 260,
    title: `Share of the floor over ${over}`,
    subtitle: [about.join(" · ")],
    xTitle: xKey === "length" ? "Sequence length (K = 1024)" : xKey === "state" ? "State size N" : xKey,
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: logAxis(points.flatMap(({ low, high }) => [low, high])),
    quantity: SHARE,
    theme,
    families,
    labels: "full",
  });
}
