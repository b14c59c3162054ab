/** The layers that draw curves: intervals, lines, dotted lines to extrapolated points, markers. */

import type { Axis } from "../scale.js";
import type { CurveStyle } from "../theme.js";
import {
  type DrawnCurve,
  type DrawnPoint,
  levelled,
  type PanelOptions,
  type Part,
  type Quantity,
} from "./drawn.js";
import { type Metrics, SCREEN } from "./metrics.js";

/** Bottom to top. Parts read the data of the panel unless they bring their own. */
export function curveLayers(
  curves: readonly DrawnCurve[],
  styles: ReadonlyMap<string, CurveStyle>,
  options: PanelOptions,
): Part[] {
  const { metrics = SCREEN } = options;
  const channels = channelsOf(styles, options, metrics);
  const [, top] = options.y.domain;
  // a clipped shape costs the rasteriser a layer as large as the picture: only where something leaves the plot
  const clip = curves.some(({ points }) => points.some(({ value, high }) => Math.max(value, high) > top));
  return [
    ...intervals(channels, metrics, clip),
    measuredLines(channels, metrics, clip),
    dottedLines(channels, curves, options, metrics),
    ...markers(channels, options, metrics),
  ];
}

type Channels = ReturnType<typeof channelsOf>;

function channelsOf(
  styles: ReadonlyMap<string, CurveStyle>,
  { quantity }: PanelOptions,
  { dashScale }: Metrics,
) {
  const byFamily = (pick: (style: CurveStyle) => unknown) => ({
    field: "family",
    type: "nominal" as const,
    scale: { domain: [...styles.keys()], range: [...styles.values()].map(pick) as never[] },
    legend: null,
  });
  const said = ["curve", "what", spoken(quantity), "interval", "case"];
  return {
    color: byFamily((style) => style.color),
    shape: byFamily((style) => style.shape),
    strokeDash: byFamily((style) => style.dash.map((length) => length * dashScale)),
    /** Splits a curve where it may not be joined. */
    detail: [{ field: "series" }, { field: "segment" }],
    description: { field: "said", type: "nominal" as const },
    tooltip: said.map((field) => ({ field, type: "nominal" as const })),
  };
}

const only = (test: string) => [{ filter: test }];

/** A band where a curve goes on, a bar at each marker. */
function intervals({ color, detail }: Channels, { whiskerPx }: Metrics, clip: boolean): Part[] {
  const ends = { y: { field: "low", type: "quantitative" as const }, y2: { field: "high" } };
  return [
    {
      transform: only("datum.measured"),
      mark: { type: "area", opacity: 1, fillOpacity: 0.22, clip },
      encoding: { ...ends, color, detail },
    },
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "rule", strokeWidth: whiskerPx, clip },
      encoding: { ...ends, color },
    },
  ];
}

function measuredLines(
  { color, detail, strokeDash }: Channels,
  { linePx, boldPx }: Metrics,
  clip: boolean,
): Part {
  const bold = { test: "datum.family === 'ssd'", value: boldPx };
  return {
    transform: only("datum.measured"),
    mark: { type: "line", clip },
    encoding: { color, detail, strokeDash, strokeWidth: { condition: bold, value: linePx } },
  };
}

function dottedLines(
  { color }: Channels,
  curves: readonly DrawnCurve[],
  options: PanelOptions,
  { dottedPx }: Metrics,
): Part {
  const [, top] = options.y.domain;
  const clip = curves.some(({ points }) => points.some(({ value }) => value > top));
  const values = curves.flatMap((curve) =>
    dottedPairs(curve, options.x, top).map(([pair, point]) => ({
      ...datum(curve, point, options),
      pair,
    })),
  );
  return {
    data: { values },
    mark: { type: "line", strokeDash: [dottedPx, 2 * dottedPx], strokeWidth: dottedPx, clip },
    encoding: { color, detail: [{ field: "pair" }] },
  };
}

/** Filled where measured, hollow where extrapolated. */
function markers(
  { color, shape, tooltip, description }: Channels,
  { theme }: PanelOptions,
  { marker, hollowMarker, hollowLinePx }: Metrics,
): Part[] {
  const encoding = { color, shape, tooltip, description };
  return [
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "point", filled: true, size: marker, opacity: 1, aria: true },
      encoding,
    },
    {
      transform: only("!datum.measured && datum.marker"),
      mark: {
        type: "point",
        filled: false,
        fill: theme.background,
        size: hollowMarker,
        strokeWidth: hollowLinePx,
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

/** The field with the value in words. */
function spoken({ field }: Quantity): string {
  return { ns: "time", ratio: "times", share: "of floor", bytes: "kept", accuracy: "right", loss: "loss" }[
    field
  ];
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
    [spoken(quantity)]: quantity.text(value),
    interval: measured ? quantity.interval(low, high) : "",
    case: about,
    ...(level ? { level } : {}),
    said: `${curve.name} at ${x}: ${measured ? "" : "predicted "}${quantity.text(value)}, ${measured ? "measured" : "extrapolated"}`,
  };
}
