/** One panel: a quantity over one axis, curves with confidence bands, extrapolated points hollow, names at line ends. */

import { formatSize } from "../../format.js";
import { textWidth } from "../font.js";
import type { Axis } from "../scale.js";
import { curveStyles } from "../theme.js";
import { curveLayers, type Datum, datum } from "./curve-layers.js";
import { type DrawnCurve, type Layer, levelled, type PanelOptions } from "./drawn.js";
import { labelLayers } from "./label-layers.js";
import { legendLayers } from "./legend-layers.js";
import { SCREEN } from "./metrics.js";

/** Every curve must have points; curves later in the list are drawn on top. */
export function panel(curves: readonly DrawnCurve[], options: PanelOptions): Layer {
  const { width, height, x, y } = options;
  const styles = curveStyles(options.families, options.theme);
  const drawn = curves.filter((curve) => curve.points.length > 0).toSorted((a, b) => rank(a) - rank(b));
  const points = drawn.flatMap((curve) => levelled(curve, x).map((point) => datum(curve, point, options)));
  const named = { none: () => [], legend: legendLayers, names: labelLayers, full: labelLayers };
  return {
    width,
    height,
    data: { values: inView(points, y) },
    title: title(options, points.length === 1),
    encoding: { x: xChannel(options), y: yChannel(options) },
    layer: [...curveLayers(drawn, styles, options), ...named[options.labels](drawn, styles, options)],
  };
}

/** So that nobody looks for the curve. */
const ONE_POINT = "One point only: there is no curve to draw.";

function title({ title: text, subtitle = [], metrics = SCREEN }: PanelOptions, isOnePoint: boolean) {
  const lines = isOnePoint ? [...subtitle, ONE_POINT] : subtitle;
  return {
    text: [...[text].flat()],
    ...(lines.length > 0 ? { subtitle: [...lines] } : {}),
    subtitlePadding: 4,
    offset: metrics.titleOffset,
    fontSize: metrics.titlePx,
    subtitleFontSize: metrics.subtitlePx,
    frame: "group" as const,
  };
}

function axisSizes({ metrics = SCREEN }: PanelOptions) {
  return {
    labelFontSize: metrics.tickPx,
    titleFontSize: metrics.axisTitlePx,
    titlePadding: metrics.axisTitlePadding,
  };
}

function xChannel(options: PanelOptions) {
  const { x, width, xTitle, metrics = SCREEN } = options;
  const { kind, domain, ticks } = x;
  const labelled = roomy(x, width, metrics.tickPx);
  return {
    field: "x",
    type: "quantitative" as const,
    title: xTitle,
    scale: {
      type: kind,
      domain: [...domain],
      nice: false,
      ...(kind === "log" ? { base: 2 } : { zero: false }),
    },
    axis: {
      values: [...ticks],
      labelExpr: tickLabels(labelled, nameOf(x)),
      grid: false,
      ...axisSizes(options),
    },
  };
}

function yChannel(options: PanelOptions) {
  const { y, quantity, yTitle } = options;
  const { kind, domain, ticks } = y;
  return {
    field: quantity.field,
    type: "quantitative" as const,
    title: yTitle === false ? null : quantity.title,
    scale: { type: kind, domain: [...domain], nice: false, ...(kind === "log" ? {} : { zero: false }) },
    axis: {
      values: [...ticks],
      labelExpr: tickLabels(ticks, quantity.tick),
      ...axisSizes(options),
    },
  };
}

/** SSD last: on top. */
function rank({ family }: DrawnCurve): number {
  return family === "ssd" ? 1 : 0;
}

/**
 * Without the measured stretches that lie above the panel as a whole: clipped they would not be seen, and the rasteriser ends its
 * process at a clipped shape that lies outside the picture.
 */
function inView(points: readonly Datum[], y: Axis): Datum[] {
  const stretch = ({ series, segment }: Datum) => `${series} ${segment}`;
  const seen = new Set(points.filter(({ low }) => low <= y.domain[1]).map(stretch));
  return points.filter((point) => !point.measured || seen.has(stretch(point)));
}

/** Ticks whose labels leave air between each other, the largest first; the others keep their tick. On a log axis, every k-th. */
function roomy(axis: Axis, width: number, sizePx: number): number[] {
  const fitting = (ticks: readonly number[]) => {
    let free = Number.POSITIVE_INFINITY;
    return ticks.filter((tick) => {
      const [middle, half] = [axis.at(tick, width), textWidth(nameOf(axis)(tick), sizePx) / 2];
      if (middle + half + 4 > free) return false;
      free = middle - half;
      return true;
    });
  };
  const ticks = axis.ticks.toReversed();
  if (axis.kind === "linear") return fitting(ticks);
  for (let step = 1; ; step++) {
    const some = ticks.filter((_, i) => i % step === 0);
    if (fitting(some).length === some.length) return some;
  }
}

function nameOf({ name = formatSize }: Axis): (tick: number) => string {
  return name;
}

/** One expression that gives our own formatter's text for each tick. */
function tickLabels(ticks: readonly number[], format: (tick: number) => string): string {
  const cases = ticks.map(
    (tick) => `abs(datum.value - ${tick}) < ${Math.max(1e-6, tick * 1e-6)} ? '${format(tick)}' : `,
  );
  return `${cases.join("")}''`;
}
