/** The layers that draw curves: intervals, lines, dotted lines to extrapolated points, markers. */

import type { Axis } from "../scale.js";
import { type CurveStyle, LINE_PX } from "../theme.js";
import { type DrawnCurve, type DrawnPoint, levelled, type PanelOptions, type Part } from "./drawn.js";

/** Bottom to top. Parts read the data of the panel unless they bring their own. */
export function curveLayers(
  curves: readonly DrawnCurve[],
  styles: ReadonlyMap<string, CurveStyle>,
  options: PanelOptions,
): Part[] {
  const channels = channelsOf(styles, options);
  return [
    ...intervals(channels),
    measuredLines(channels, styles),
    dottedLines(channels, curves, options),
    ...markers(channels, options),
  ];
}

type Channels = ReturnType<typeof channelsOf>;

function channelsOf(styles: ReadonlyMap<string, CurveStyle>, { quantity }: PanelOptions) {
  const byFamily = (pick: (style: CurveStyle) => unknown) => ({
    field: "family",
    type: "nominal" as const,
    scale: { domain: [...styles.keys()], range: [...styles.values()].map(pick) as never[] },
    legend: null,
  });
  const said = ["curve", "what", quantity.field === "ns" ? "time" : "times", "interval", "case"];
  return {
    color: byFamily((style) => style.color),
    shape: byFamily((style) => style.shape),
    strokeDash: byFamily((style) => [...style.dash]),
    /** Splits a curve where it may not be joined. */
    detail: [{ field: "series" }, { field: "segment" }],
    description: { field: "said", type: "nominal" as const },
    tooltip: said.map((field) => ({ field, type: "nominal" as const })),
  };
}

const only = (test: string) => [{ filter: test }];

/** A band where a curve goes on, a bar at each marker. */
function intervals({ color, detail }: Channels): Part[] {
  const ends = { y: { field: "low", type: "quantitative" as const }, y2: { field: "high" } };
  return [
    {
      transform: only("datum.measured"),
      mark: { type: "area", opacity: 0.22, clip: true },
      encoding: { ...ends, color, detail },
    },
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "rule", strokeWidth: 1.2, clip: true },
      encoding: { ...ends, color },
    },
  ];
}

function measuredLines(
  { color, detail, strokeDash }: Channels,
  styles: ReadonlyMap<string, CurveStyle>,
): Part {
  const bold = { test: "datum.family === 'ssd'", value: styles.get("ssd")?.width ?? 0 };
  return {
    transform: only("datum.measured"),
    mark: { type: "line", clip: true },
    encoding: { color, detail, strokeDash, strokeWidth: { condition: bold, value: LINE_PX } },
  };
}

function dottedLines({ color }: Channels, curves: readonly DrawnCurve[], options: PanelOptions): Part {
  const values = curves.flatMap((curve) =>
    dottedPairs(curve, options.x, options.y.domain[1]).map(([pair, point]) => ({
      ...datum(curve, point, options),
      pair,
    })),
  );
  return {
    data: { values },
    mark: { type: "line", strokeDash: [1.5, 3], strokeWidth: 1.5, clip: true },
    encoding: { color, detail: [{ field: "pair" }] },
  };
}

/** Filled where measured, hollow where extrapolated. */
function markers(
  { color, shape, tooltip, description }: Channels,
  { compact = false, theme }: PanelOptions,
): Part[] {
  const encoding = { color, shape, tooltip, description };
  return [
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "point", filled: true, size: compact ? 18 : 46, opacity: 1, aria: true },
      encoding,
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
      encoding,
    },
  ];
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

export type Datum = ReturnType<typeof datum>;

/** A point as the layers read it. */
export function datum(curve: DrawnCurve, point: DrawnPoint, { y, quantity }: PanelOptions) {
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
