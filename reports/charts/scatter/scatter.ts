/** Points that stand for themselves, each with its name where there is room, over lines that they are measured against. */
import { textWidth } from "../font.js";
import type { Line } from "../panel/boxes.js";
import type { Layer, Part } from "../panel/drawn.js";
import { SCREEN } from "../panel/metrics.js";
import { placeNames } from "../panel/place-points.js";
import type { Axis } from "../scale.js";
import { curveStyles, FONT, type Theme } from "../theme.js";

export interface ScatterPoint {
  readonly family: string;
  /** Beside the point. */
  readonly label: string;
  /** In the tooltip and for screen readers. */
  readonly said: string;
  readonly case: string;
  readonly x: number;
  readonly y: number;
  /** Further columns of the tidy CSV. */
  readonly more: Readonly<Record<string, string | number>>;
}

export interface ScatterLine {
  readonly name: string;
  /** In values of the axes. */
  readonly ends: readonly (readonly [x: number, y: number])[];
}

export interface ScatterAxis extends Axis {
  /** Name of the field in the spec and in the CSV: base unit included. */
  readonly field: string;
  readonly title: string;
  tick(value: number): string;
}

export interface ScatterOptions {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly x: ScatterAxis;
  readonly y: ScatterAxis;
  readonly families: readonly string[];
  readonly theme: Theme;
}

const LABEL_PX = 10.5;
const RADIUS = 5;

/** Points earlier in the list get their names first. */
export function scatter(
  points: readonly ScatterPoint[],
  lines: readonly ScatterLine[],
  options: ScatterOptions,
): Layer {
  const { width, height, x, y, theme } = options;
  const styles = curveStyles(options.families, theme);
  const one = points.length === 1 ? ["One point only: there is nothing to compare it with."] : [];
  const channel = (axis: ScatterAxis, grid: boolean) => ({
    field: axis.field,
    type: "quantitative" as const,
    title: axis.title,
    scale: { type: axis.kind, domain: [...axis.domain], nice: false },
    axis: { values: [...axis.ticks], labelExpr: labelExpr(axis), grid },
  });
  const byFamily = (pick: "color" | "shape") => ({
    field: "family",
    type: "nominal" as const,
    scale: { domain: [...styles.keys()], range: [...styles.values()].map((style) => style[pick]) },
    legend: null,
  });
  const values = points.map(({ family, label, said, x: atX, y: atY, more, case: id }) => ({
    ...{ [x.field]: atX, [y.field]: atY, family, curve: label, said, case: id },
    ...more,
  }));
  return {
    width,
    height,
    data: { values },
    title: {
      text: options.title,
      subtitle: [...options.subtitle, ...one],
      subtitlePadding: 4,
      offset: SCREEN.titleOffset,
      frame: "group",
    },
    encoding: { x: channel(x, false), y: channel(y, true) },
    layer: [
      ...lineLayers(lines, options),
      {
        mark: { type: "point", filled: true, size: 60, opacity: 1, aria: true },
        encoding: {
          color: byFamily("color"),
          shape: byFamily("shape"),
          tooltip: [
            { field: "said", type: "nominal" },
            { field: "case", type: "nominal" },
          ],
          description: { field: "said", type: "nominal" },
        },
      },
      ...nameLayers(points, lines, options),
    ],
  };
}

const px = (field: string) => ({ field, type: "quantitative" as const, scale: null, axis: null });

function pixels([x, y]: readonly [number, number], options: ScatterOptions): readonly [number, number] {
  return [options.x.at(x, options.width), options.height - options.y.at(y, options.height)];
}

/** Their names stand at their right ends, outside the plot, pushed apart. */
function lineLayers(lines: readonly ScatterLine[], options: ScatterOptions): Part[] {
  if (lines.length === 0) return [];
  const { theme, width } = options;
  const values = lines.flatMap(({ ends }, line) =>
    ends.map((end, order) => {
      const [px, py] = pixels(end, options);
      return { line, order, px, py };
    }),
  );
  let free = Number.NEGATIVE_INFINITY;
  const names = lines
    .map(({ name, ends }) => ({ name, y: pixels(ends.at(-1)!, options)[1] }))
    .sort((a, b) => a.y - b.y)
    .map(({ name, y }) => {
      free = Math.max(y, free + LABEL_PX + 3);
      return { name, x: width + 8, y: free };
    });
  return [
    {
      data: { values },
      mark: { type: "line", color: theme.faint, strokeWidth: 1.4 },
      encoding: { x: px("px"), y: px("py"), detail: { field: "line" }, order: { field: "order" } },
    },
    {
      data: { values: names },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        font: FONT,
        fontSize: LABEL_PX,
        color: theme.faint,
      },
      encoding: { x: px("x"), y: px("y"), text: { field: "name" } },
    },
  ];
}

function nameLayers(
  points: readonly ScatterPoint[],
  lines: readonly ScatterLine[],
  options: ScatterOptions,
): Part[] {
  const { width, height, theme } = options;
  const requests = points.map((point, i) => {
    const [x, y] = pixels([point.x, point.y], options);
    return { key: String(i), x, y, width: textWidth(point.label, LABEL_PX), height: LABEL_PX + 3 };
  });
  const drawn = lines.map(({ ends }): Line => ends.map((end) => pixels(end, options)));
  const placed = placeNames(requests, { width, height, radius: RADIUS, lines: drawn });
  return [
    {
      data: { values: placed.map(({ key, x, y }) => ({ name: points[Number(key)].label, x, y })) },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        font: FONT,
        fontSize: LABEL_PX,
        color: theme.text,
      },
      encoding: { x: px("x"), y: px("y"), text: { field: "name" } },
    },
  ];
}

function labelExpr({ ticks, tick }: ScatterAxis): string {
  const cases = ticks.map((value) => `abs(datum.value / ${value} - 1) < 1e-6 ? '${tick(value)}' : `);
  return `${cases.join("")}''`;
}
