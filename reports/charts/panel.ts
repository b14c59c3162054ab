/** One panel: time over one axis, curves with confidence bands, extrapolated points hollow, names at line ends. */

import type { Field } from "vega-lite/types_unstable/channeldef.js";
import type { LayerSpec } from "vega-lite/types_unstable/spec/layer.js";
import type { UnitSpec } from "vega-lite/types_unstable/spec/unit.js";
import { type Curve, measuredOf, type Point } from "../curves.js";
import { formatDuration, formatInterval, formatMilliseconds, formatSize, shorten } from "../format.js";
import { textWidth } from "./font.js";
import { type LabelRequest, placeLabels } from "./labels.js";
import type { Axis } from "./scale.js";
import { type CurveStyle, curveStyles, FONT, type Theme } from "./theme.js";

export type Layer = LayerSpec<Field>;
type Part = LayerSpec<Field> | UnitSpec<Field>;

export interface PanelOptions {
  readonly width: number;
  readonly height: number;
  readonly title: string | readonly string[];
  readonly subtitle?: readonly string[];
  readonly xTitle: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly theme: Theme;
  /** Keys of all families of the whole figure: panels share one colour scale. */
  readonly families: readonly string[];
  /** full: name and implementation; names: name only; none: a legend elsewhere names the curves. */
  readonly labels: "full" | "names" | "none";
}

const NAME_PX = 12;
const DETAIL_PX = 9.5;
const LONGEST_NAME = 28;
const LONGEST_DETAIL = 34;

/** Every curve must have points; curves later in the list are drawn on top. */
export function panel(curves: readonly Curve[], options: PanelOptions): Layer {
  const { width, height, theme, x, y } = options;
  const keys = options.families;
  const styles = curveStyles(keys, theme);
  const drawn = curves.filter((curve) => curve.points.length > 0).toSorted((a, b) => rank(a) - rank(b));
  const points = drawn.flatMap((curve) => levelled(curve, x).map((point) => datum(curve, point, y)));
  const scale = (pick: (style: CurveStyle) => unknown) => ({
    domain: [...keys],
    range: keys.map((key) => pick(styles.get(key)!)) as never[],
  });
  const color = { field: "family", type: "nominal" as const, scale: scale((s) => s.color), legend: null };
  const shape = { field: "family", type: "nominal" as const, scale: scale((s) => s.shape), legend: null };
  const dash = { field: "family", type: "nominal" as const, scale: scale((s) => [...s.dash]), legend: null };
  const thick = { field: "family", type: "ordinal" as const, scale: scale((s) => s.width), legend: null };
  const detail = [{ field: "series" }, { field: "segment" }];
  const only = (test: string) => [{ filter: test }];
  const tooltip = ["curve", "what", "time", "interval", "case"].map((field) => ({
    field,
    type: "nominal" as const,
  }));

  const layer: Part[] = [
    {
      transform: only("datum.measured"),
      mark: { type: "area", opacity: 0.22, clip: true },
      encoding: { y: { field: "lowNs", type: "quantitative" }, y2: { field: "highNs" }, color, detail },
    },
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "rule", strokeWidth: 1.2, clip: true },
      encoding: { y: { field: "lowNs", type: "quantitative" }, y2: { field: "highNs" }, color },
    },
    {
      transform: only("datum.measured"),
      mark: { type: "line", clip: true },
      encoding: { color, detail, strokeDash: dash, strokeWidth: thick },
    },
    {
      data: {
        values: drawn.flatMap((curve) =>
          dottedPairs(curve, x).map(([pair, p]) => ({ ...datum(curve, p, y), pair })),
        ),
      },
      mark: { type: "line", strokeDash: [1.5, 3], strokeWidth: 1.5, clip: true },
      encoding: { color, detail: [{ field: "pair" }] },
    },
    {
      transform: only("datum.measured && datum.marker"),
      mark: { type: "point", filled: true, size: 46, opacity: 1, clip: false },
      encoding: { color, shape, tooltip },
    },
    {
      transform: only("!datum.measured && datum.marker"),
      mark: { type: "point", filled: false, fill: theme.background, size: 42, strokeWidth: 1.4, opacity: 1 },
      encoding: { color, shape, tooltip },
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
      offset: 10,
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
        axis: { values: [...x.ticks], labelExpr: tickLabels(x.ticks, formatSize), grid: false },
      },
      y: {
        field: "ns",
        type: "quantitative",
        title: "Time (ms)",
        scale: {
          type: y.kind,
          domain: [...y.domain],
          nice: false,
          ...(y.kind === "log" ? {} : { zero: false }),
        },
        axis: { values: [...y.ticks], labelExpr: tickLabels(y.ticks, formatMilliseconds) },
      },
    },
    layer,
  };
}

/** SSD last: on top. */
function rank({ family }: Curve): number {
  return family.key === "ssd" ? 1 : 0;
}

/** A curve without the axis becomes a level line over the whole width; its marker stands at no particular place. */
function levelled(curve: Curve, x: Axis): Point[] {
  return curve.points.flatMap((point) =>
    point.x === undefined ? x.domain.map((end) => ({ ...point, x: end })) : [point],
  );
}

/** A dotted line joins each extrapolated point with the point before it in the same segment. */
function dottedPairs(curve: Curve, x: Axis): [pair: string, point: Point][] {
  const points = levelled(curve, x);
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    if (point.measured || !before || before.segment !== point.segment) return [];
    const pair = `${curve.key} ${i}`;
    return [
      [pair, before],
      [pair, point],
    ] as [string, Point][];
  });
}

function datum(curve: Curve, point: Point, y: Axis) {
  const { ns, lowNs, highNs, measured, segment, row } = point;
  const level = curve.points[0].x === undefined;
  return {
    x: point.x,
    ns,
    lowNs,
    highNs,
    measured,
    segment,
    marker: !level && ns <= y.domain[1],
    family: curve.family.key,
    series: curve.key,
    curve: curve.family.name,
    what: measured ? "measured" : "extrapolated, not measured",
    time: formatDuration(ns),
    interval: measured ? formatInterval(lowNs, highNs) : "",
    case: row.id,
  };
}

/** One expression that gives our own formatter's text for each tick. */
function tickLabels(ticks: readonly number[], format: (tick: number) => string): string {
  const cases = ticks.map(
    (tick) => `abs(datum.value - ${tick}) < ${Math.max(1e-6, tick * 1e-6)} ? '${format(tick)}' : `,
  );
  return `${cases.join("")}''`;
}

function labelLayers(
  curves: readonly Curve[],
  styles: Map<string, CurveStyle>,
  options: PanelOptions,
): Part[] {
  const { theme, width, height, x, y } = options;
  const texts = new Map(curves.map((curve) => [curve.key, labelText(curve, options)]));
  const requests: LabelRequest[] = curves.map((curve) => {
    const { name, detail } = texts.get(curve.key)!;
    return {
      key: curve.key,
      width: Math.max(textWidth(name, NAME_PX, true), textWidth(detail, DETAIL_PX)),
      height: detail === "" ? NAME_PX + 3 : NAME_PX + DETAIL_PX + 6,
      line: visible(
        levelled(curve, x).map(({ x: at, ns }) => [x.at(at!, width), height - y.at(ns, height)] as const),
        width,
      ),
    };
  });
  const byKey = new Map(curves.map((curve) => [curve.key, curve]));
  const placed = placeLabels(requests, width, height).map((label) => {
    const { name, detail } = texts.get(label.key)!;
    const family = byKey.get(label.key)!.family.key;
    const raise = detail === "" ? 0 : (DETAIL_PX + 3) / 2;
    const { leader } = label;
    const turned = leader && ([leader[0], leader[1], leader[2], label.y - raise] as const);
    return {
      ...label,
      leader: turned,
      name,
      detail,
      family,
      nameY: label.y - raise,
      detailY: label.y + (NAME_PX + 2) / 2,
      ink: styles.get(family)!.color,
    };
  });
  const px = (field: string) => ({ field, type: "quantitative" as const, scale: null, axis: null });
  const at = { x: px("x"), y: px("nameY") };
  const flat = { field: "ink", type: "nominal" as const, scale: null, legend: null };
  const leaders = placed.flatMap(({ leader, ink }) =>
    leader ? [{ ink, x1: leader[0], y1: leader[1], x2: leader[2], y2: leader[3] }] : [],
  );
  const keyed = placed.filter((label) => label.where !== "inside");
  const shape = {
    field: "family",
    type: "nominal" as const,
    scale: { domain: [...styles.keys()], range: [...styles.values()].map((style) => style.shape) },
    legend: null,
  };
  return [
    {
      data: { values: leaders },
      mark: { type: "rule", strokeWidth: 0.8, opacity: 0.8, strokeDash: [] },
      encoding: {
        x: px("x1"),
        y: px("y1"),
        x2: { field: "x2" },
        y2: { field: "y2" },
        color: flat,
      },
    },
    {
      data: { values: keyed.map((label) => ({ ...label, x: label.x - 9 })) },
      mark: { type: "point", filled: true, size: 40, opacity: 1 },
      encoding: { x: px("x"), y: px("nameY"), color: flat, shape },
    },
    {
      data: { values: placed },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        fontSize: NAME_PX,
        fontWeight: "bold",
        font: FONT,
        color: theme.text,
      },
      encoding: { ...at, text: { field: "name" } },
    },
    {
      data: { values: placed.filter((label) => label.detail !== "") },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        fontSize: DETAIL_PX,
        font: FONT,
        color: theme.faint,
      },
      encoding: { x: px("x"), y: px("detailY"), text: { field: "detail" } },
    },
  ];
}

/** The part of a line inside the plot: one that leaves through the top ends there. */
function visible(line: readonly (readonly [number, number])[], width: number): (readonly [number, number])[] {
  const out = line.findIndex(([, y]) => y < 0);
  if (out < 0) return [...line];
  if (out === 0) return [[width, 0]];
  const [[x0, y0], [x1, y1]] = [line[out - 1], line[out]];
  return [...line.slice(0, out), [x0 + ((x1 - x0) * y0) / (y0 - y1), 0]];
}

function labelText(curve: Curve, { labels, y }: PanelOptions): { name: string; detail: string } {
  const remarks = [];
  const highest = Math.max(...curve.points.map((point) => point.ns));
  if (highest > y.domain[1])
    remarks.push(`${curve.points.length > 1 ? "up to " : ""}${formatDuration(highest)} ↑`);
  if (measuredOf(curve).length === 0) remarks.push("extrapolated");
  const name = shorten(curve.family.name, LONGEST_NAME);
  const detail = shorten(curve.implementation, LONGEST_DETAIL);
  return labels === "full"
    ? { name, detail: [detail, ...remarks].join(", ") }
    : { name: [name, ...remarks].join(", "), detail: "" };
}
