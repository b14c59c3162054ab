/**
 * What each family's curve has beside its time, over the axis of each suite: how much of the least possible time it takes (100% is the
 * floor that the ceilings of this run allow), and the memory that it held.
 */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Curve, type Group, groupsOf } from "../analysis/curves.js";
import { groupBy, type XKey, xKeyOf } from "../analysis/series.js";
import { formatBytes, formatNumber } from "../format.js";
import type { Measured, Row, RunRecord } from "../rows/row.js";
import { caption } from "./caption.js";
import { figure } from "./figure.js";
import type { DrawnCurve, DrawnPoint, Layer, Quantity } from "./panel/drawn.js";
import { panel } from "./panel/panel.js";
import { type Axis, bytesAxis, logAxis, sizeAxis } from "./scale.js";
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

const MEMORY: Quantity = {
  field: "bytes",
  title: "Memory held",
  tick: formatBytes,
  text: formatBytes,
  interval: (low) => formatBytes(low),
};

type Value = Pick<DrawnPoint, "value" | "low" | "high">;

/** A quantity of a measured row, and what its figure says of it. */
interface Measure {
  readonly quantity: Quantity;
  readonly how: string;
  axis(values: readonly number[]): Axis;
  /** Undefined where the row does not have it. */
  of(row: Measured): Value | undefined;
}

const SHARE_OF_FLOOR: Measure = {
  quantity: SHARE,
  how:
    "The operator's least work over this run's measured ceilings (the larger of operations over product rate and bytes over copy rate), " +
    "divided by the median time. Bands: from the 95% interval of the median.",
  axis: logAxis,
  of({ rooflineFraction: value, medianNs, ci95LowNs, ci95HighNs }) {
    if (!value || !(ci95LowNs > 0)) return undefined;
    return { value, low: (value * medianNs) / ci95HighNs, high: (value * medianNs) / ci95LowNs };
  },
};

const MEMORY_HELD: Measure = {
  quantity: MEMORY,
  how: "Memory that a case held at its peak: inputs, outputs, and what its form keeps beside them. One that bends up keeps more a token.",
  axis: bytesAxis,
  of: ({ peakBytes: value }) => (value > 0 ? { value, low: value, high: value } : undefined),
};

/** Undefined where no row has the ceilings of its run. */
export function floorChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  return overSize(run, rows, theme, SHARE_OF_FLOOR);
}

/** Undefined where no case was measured. */
export function memoryChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  return overSize(run, rows, theme, MEMORY_HELD);
}

function overSize(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme,
  measure: Measure,
): TopLevelSpec | undefined {
  const groups = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).flatMap((group) => {
      const curves = bestCurves(group)
        .map((curve) => drawn(curve, measure))
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
  const [, ...setting] = caption(
    run,
    rows,
    shown.map(({ group }) => group),
  );
  return figure(
    shown.map(({ group, curves }) => sizePanel(group, curves, families, theme, measure)),
    [measure.how, ...setting],
    WIDTH,
    theme,
  );
}

function drawn({ key, family, implementation, points }: Curve, measure: Measure): DrawnCurve {
  const values = points.flatMap(({ x, row, segment, joined }): DrawnPoint[] => {
    const value = row.status === "measured" ? measure.of(row) : undefined;
    return value ? [{ x, ...value, measured: true, segment, joined, about: row.id }] : [];
  });
  return { key, family: family.key, name: family.name, detail: implementation, points: values };
}

/** An axis in a title, and at the axis itself. */
export const AXIS_WORDS: Readonly<Partial<Record<XKey, { readonly over: string; readonly axis: string }>>> = {
  length: { over: "sequence length", axis: "Sequence length (K = 1024)" },
  state: { over: "state size", axis: "State size N" },
  context: { over: "tokens before the step", axis: "Tokens before the step (K = 1024)" },
  batch: { over: "batch", axis: "Sequences together" },
};

function sizePanel(
  group: Group,
  curves: readonly DrawnCurve[],
  families: readonly string[],
  theme: Theme,
  measure: Measure,
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
  const { over, axis } = AXIS_WORDS[xKey] ?? { over: xKey, axis: xKey };
  return panel(curves, {
    width: 460,
    height: 260,
    title: `${measure.quantity.title} over ${over}`,
    subtitle: [about.join(" · ")],
    xTitle: axis,
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: measure.axis(points.flatMap(({ low, high }) => [low, high])),
    quantity: measure.quantity,
    theme,
    families,
    labels: "full",
  });
}
