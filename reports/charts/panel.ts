/** One panel: a quantity over one axis, curves with confidence bands, extrapolated points hollow, names at line ends. */

import { formatSize } from "../format.js";
import {
  type DrawnCurve,
  type DrawnPoint,
  type Layer,
  levelled,
  type PanelOptions,
  type Part,
} from "./drawn.js";
import { textWidth } from "./font.js";
import { labelLayers } from "./label-layers.js";
import type { Axis } from "./scale.js";
import { type CurveStyle, curveStyles, LINE_PX } from "./theme.js";

/** Every curve must have points; curves later in the list are drawn on top. */
export function panel(curves: readonly DrawnCurve[], options: PanelOptions): Layer {
  const { width, height, theme, x, y, quantity, compact = false } = options;
  const keys = options.families;
  const styles = curveStyles(keys, theme);
  const drawn = curves.filter((curve) => curve.points.length > 0).toSorted((a, b) => rank(a) - rank(b));
  const points = inView(
    drawn.flatMap((curve) => levelled(curve, x).map((point) => datum(curve, point, options))),
    y,
  );
  const scale = (pick: (style: CurveStyle) => unknown) => ({
    domain: [...keys],
    range: keys.map((key) => pick(styles.get(key)!)) as never[],
  });
  const color = { field: "family", type: "nominal" as const, scale: scale((s) => s.color), legend: null };
  const shape = { field: "family", type: "nominal" as const, scale: scale((s) => s.shape), legend: null };
  const dash = { field: "family", type: "nominal" as const, scale: scale((s) => [...s.dash]), legend: null };
  const bold = { test: "datum.family === 'ssd'", value: styles.get("ssd")?.width ?? 0 };
  const thick = { condition: bold, value: LINE_PX };
  const description = { field: "said", type: "nominal" as const };
  const detail = [{ field: "series" }, { field: "segment" }];
  const small = compact ? { labelFontSize: 9, titleFontSize: 10, titlePadding: 5 } : {};
  const only = (test: string) => [{ filter: test }];
  const tooltip = ["curve", "what", quantity.field === "ns" ? "time" : "times", "interval", "case"].map(
    (field) => ({
      field,
      type: "nominal" as const,
    }),
  );

  const layer: Part[] = [
    {
      transform: only("datum.measured"),
      mark: { type: "area", opacity: 0.22, clip: true },
      encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color, detail },
    },
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "rule", strokeWidth: 1.2, clip: true },
      encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color },
    },
    {
      transform: only("datum.measured"),
      mark: { type: "line", clip: true },
      encoding: { color, detail, strokeDash: dash, strokeWidth: thick },
    },
    {
      data: {
        values: drawn.flatMap((curve) =>
          dottedPairs(curve, x, y.domain[1]).map(([pair, p]) => ({ ...datum(curve, p, options), pair })),
        ),
      },
      mark: { type: "line", strokeDash: [1.5, 3], strokeWidth: 1.5, clip: true },
      encoding: { color, detail: [{ field: "pair" }] },
    },
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "point", filled: true, size: compact ? 18 : 46, opacity: 1, aria: true },
      encoding: { color, shape, tooltip, description },
    },
    {
      transform: only("!datum.measured && datum.marker"),
      mark: {
        type: "point",
        filled: false,
        fill: theme.background,
        size: 42,
        strokeWidth: 1.4,
        opacity: 1,
        aria: true,
      },
      encoding: { color, shape, tooltip, description },
    },
  ];
  if (options.labels !== "none") layer.push(...labelLayers(drawn, styles, options));

  return {
    width,
    height,
    data: { values: points },
    title: {
      text: [...[options.title].flat()],
      ...(options.subtitle?.length ? { subtitle: [...options.subtitle] } : {}),
      subtitlePadding: 4,
      offset: compact ? 6 : 10,
      ...(compact ? { fontSize: 11, subtitleFontSize: 9 } : {}),
      frame: "group",
    },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: options.xTitle,
        scale: {
          type: x.kind,
          domain: [...x.domain],
          nice: false,
          ...(x.kind === "log" ? { base: 2 } : { zero: false }),
        },
        axis: {
          values: [...x.ticks],
          labelExpr: tickLabels(roomy(x, width, compact ? 9 : 11), formatSize),
          grid: false,
          ...small,
        },
      },
      y: {
        field: quantity.field,
        type: "quantitative",
        title: options.yTitle === false ? null : quantity.title,
        scale: {
          type: y.kind,
          domain: [...y.domain],
          nice: false,
          ...(y.kind === "log" ? {} : { zero: false }),
        },
        axis: { values: [...y.ticks], labelExpr: tickLabels(y.ticks, quantity.tick), ...small },
      },
    },
    layer,
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

/** A dotted line joins an extrapolated point with its neighbours. */
function dottedPairs(curve: DrawnCurve, x: Axis, top: number): [pair: string, point: DrawnPoint][] {
  const points = levelled(curve, x);
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    if (!before || !point.joined || (point.measured && before.measured)) return [];
    if (Math.min(before.value, point.value) > top) return [];
    const pair = `${curve.key} ${i}`;
    return [
      [pair, before],
      [pair, point],
    ] as [string, DrawnPoint][];
  });
}

type Datum = ReturnType<typeof datum>;

function datum(curve: DrawnCurve, point: DrawnPoint, { y, quantity }: PanelOptions) {
  const { x, value, low, high, measured, segment, about } = point;
  const level = curve.points[0].x === undefined;
  return {
    x,
    [quantity.field]: value,
    low: y.kind === "log" ? Math.max(low, y.domain[0]) : low,
    high,
    measured,
    segment,
    marker: !level && value <= y.domain[1],
    family: curve.family,
    series: curve.key,
    curve: curve.name,
    what: measured ? "measured" : "extrapolated, not measured",
    [quantity.field === "ns" ? "time" : "times"]: quantity.text(value),
    interval: measured ? quantity.interval(low, high) : "",
    case: about,
    said: `${curve.name} at ${x}: ${quantity.text(value)}, ${measured ? "measured" : "extrapolated"}`,
  };
}

/** Ticks whose labels leave air between each other, the largest first; the others keep their tick. On a log axis, every k-th. */
function roomy(axis: Axis, width: number, sizePx: number): number[] {
  const fitting = (ticks: readonly number[]) => {
    let free = Number.POSITIVE_INFINITY;
    return ticks.filter((tick) => {
      const [middle, half] = [axis.at(tick, width), textWidth(formatSize(tick), sizePx) / 2];
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

/** One expression that gives our own formatter's text for each tick. */
function tickLabels(ticks: readonly number[], format: (tick: number) => string): string {
  const cases = ticks.map(
    (tick) => `abs(datum.value - ${tick}) < ${Math.max(1e-6, tick * 1e-6)} ? '${format(tick)}' : `,
  );
  return `${cases.join("")}''`;
}
