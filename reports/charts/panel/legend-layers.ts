/** A legend inside the plot, in the first corner that no curve touches, as the paper has it; where none is free, above the plot. */
import { textWidth } from "../font.js";
import { type CurveStyle, FONT } from "../theme.js";
import { type Box, crosses, type Line } from "./boxes.js";
import { type DrawnCurve, type DrawnPoint, levelled, type PanelOptions, type Part } from "./drawn.js";
import { type Metrics, SCREEN } from "./metrics.js";

interface Entry {
  readonly name: string;
  /** Undefined: what hollow points and dotted lines mean. */
  readonly style: CurveStyle | undefined;
  readonly isBold: boolean;
}

interface Placed extends Entry {
  readonly x: number;
  readonly y: number;
}

export function legendLayers(
  curves: readonly DrawnCurve[],
  styles: ReadonlyMap<string, CurveStyle>,
  options: PanelOptions,
): Part[] {
  const { metrics = SCREEN } = options;
  const entries = entriesOf(curves, styles, options);
  const sizes = legendSizes(metrics);
  const corner = freeCorner(entries, curves, options, sizes);
  const placed = corner ? column(entries, corner, sizes) : rows(entries, options.width, sizes);
  return draw(placed, options, metrics, sizes);
}

type Sizes = ReturnType<typeof legendSizes>;

function legendSizes({ namePx }: Metrics) {
  return { line: 1.3 * namePx, key: 3 * namePx, gap: 0.5 * namePx, pad: 0.6 * namePx, namePx };
}

/** Highest curve first, as the eye meets them; SSD's rivals stand above it in the paper too. */
function entriesOf(
  curves: readonly DrawnCurve[],
  styles: ReadonlyMap<string, CurveStyle>,
  { y, quantity }: PanelOptions,
): Entry[] {
  const top = ({ points }: DrawnCurve) => Math.max(...points.map(({ value }) => value));
  const named = curves
    .toSorted((a, b) => top(b) - top(a))
    .map((curve): Entry => {
      const isOff = curve.points.every(({ value }) => value > y.domain[1]);
      return {
        name: isOff ? `${curve.name}: ${quantity.text(top(curve))} ↑` : curve.name,
        style: styles.get(curve.family),
        isBold: curve.family === "ssd",
      };
    });
  const hasGuess = curves.some(({ points }) => points.some(({ measured }) => !measured));
  return hasGuess ? [...named, { name: "extrapolated", style: undefined, isBold: false }] : named;
}

function entryWidth({ name }: Entry, { key, gap, namePx }: Sizes): number {
  return key + gap + textWidth(name, namePx);
}

/** Its left top; undefined where each corner has a curve. */
function freeCorner(
  entries: readonly Entry[],
  curves: readonly DrawnCurve[],
  options: PanelOptions,
  sizes: Sizes,
): readonly [x: number, y: number] | undefined {
  const { width, height, x, y } = options;
  const { pad, line } = sizes;
  const wide = Math.max(...entries.map((entry) => entryWidth(entry, sizes))) + 2 * pad;
  const high = entries.length * line + pad;
  if (wide > width || high > height) return undefined;
  const edge = (curve: DrawnCurve, pick: (point: DrawnPoint) => number): Line =>
    levelled(curve, x).map((point) => [x.at(point.x!, width), height - y.at(pick(point), height)]);
  const lines = curves.flatMap((curve) => [
    edge(curve, ({ value }) => value),
    edge(curve, ({ low }) => Math.max(low, y.domain[0])),
    edge(curve, ({ high }) => high),
  ]);
  const corners = [
    [0, 0],
    [width - wide, 0],
    [width - wide, height - high],
    [0, height - high],
  ] as const;
  return corners.find(([left, top]) => {
    const box: Box = { x1: left, y1: top, x2: left + wide, y2: top + high };
    return !lines.some((one) => crosses(box, one, sizes.namePx / 2));
  });
}

function column(entries: readonly Entry[], [left, top]: readonly [number, number], sizes: Sizes): Placed[] {
  const { pad, line } = sizes;
  return entries.map((entry, i) => ({ ...entry, x: left + pad, y: top + pad / 2 + (i + 0.5) * line }));
}

/** From left to right above the plot, in as many lines as its width asks for. */
function rows(entries: readonly Entry[], width: number, sizes: Sizes): Placed[] {
  let [x, row] = [0, 0];
  const placed = entries.map((entry) => {
    const own = entryWidth(entry, sizes) + 2 * sizes.gap;
    if (x > 0 && x + own > width) [x, row] = [0, row + 1];
    const at = { ...entry, x, y: row * sizes.line };
    x += own;
    return at;
  });
  return placed.map((one) => ({ ...one, y: one.y - (row + 0.7) * sizes.line }));
}

const px = (field: string) => ({ field, type: "quantitative" as const, scale: null, axis: null });
const raw = (field: string) => ({ field, type: "nominal" as const, scale: null, legend: null });

function draw(placed: readonly Placed[], { theme }: PanelOptions, metrics: Metrics, sizes: Sizes): Part[] {
  const { key, gap, namePx } = sizes;
  const values = placed.map(({ name, style, isBold, x, y }) => ({
    name,
    from: x,
    middle: x + key / 2,
    to: x + key,
    text: x + key + gap,
    y,
    hollow: style === undefined,
    color: style?.color ?? theme.faint,
    shape: style?.shape ?? "circle",
    dash: style
      ? style.dash.map((length) => length * metrics.dashScale)
      : [metrics.dottedPx, 2 * metrics.dottedPx],
    thick: style === undefined ? metrics.dottedPx : isBold ? metrics.boldPx : metrics.linePx,
  }));
  const hollow = { condition: { test: "datum.hollow", value: theme.background }, ...raw("color") };
  return [
    {
      data: { values },
      mark: { type: "rule" },
      encoding: {
        x: px("from"),
        x2: { field: "to" },
        y: px("y"),
        color: raw("color"),
        strokeDash: raw("dash"),
        strokeWidth: { field: "thick", type: "quantitative", scale: null, legend: null },
      },
    },
    {
      data: { values },
      mark: { type: "point", opacity: 1, size: metrics.marker, strokeWidth: metrics.hollowLinePx },
      encoding: {
        x: px("middle"),
        y: px("y"),
        stroke: raw("color"),
        fill: hollow,
        shape: raw("shape"),
      },
    },
    {
      data: { values },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        font: FONT,
        fontSize: namePx,
        color: theme.text,
      },
      encoding: { x: px("text"), y: px("y"), text: { field: "name" } },
    },
  ];
}
