/** The figure while it grows: measured medians over the axis of a suite, both axes logarithmic. `report` draws the whole one later. */
import { bestCurves, type Curve, groupsOf, measuredOf } from "../../reports/analysis/curves.js";
import { xKeyOf } from "../../reports/analysis/series.js";
import { type Axis, logAxis, sizeAxis } from "../../reports/charts/scale.js";
import { curveStyles, DARK, LIGHT } from "../../reports/charts/theme.js";
import { formatDuration, formatMilliseconds, formatSize } from "../../reports/format.js";
import type { Row } from "../../reports/rows/row.js";

const PLOT = { left: 70, top: 34, width: 560, height: 300 };
const SIZE = { width: 900, height: 390 };
const NAMESPACE = "http://www.w3.org/2000/svg";

type Attributes = Readonly<Record<string, string | number>>;

function element(name: string, attributes: Attributes, text = ""): SVGElement {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
}

/** Of the suite with most rows; undefined before the first measured point. */
export function liveFigure(rows: readonly Row[], isDark: boolean): SVGElement | undefined {
  const suite = rows.at(-1)?.suite;
  if (suite === undefined) return undefined;
  const own = rows.filter((row) => row.suite === suite);
  const xKey = xKeyOf(suite, own);
  const groups = groupsOf(own, xKey).filter((group) => bestCurves(group).length > 0);
  const hasPoint = (curve: Curve) => measuredOf(curve).some(({ x }) => x !== undefined);
  const curves = groups.flatMap(bestCurves).filter(hasPoint);
  // devices share the colours of the families: beyond the first one their points are hollow
  const isHollow = (curve: Curve) => groups[0] !== undefined && !groups[0].curves.includes(curve);
  if (curves.length === 0) return undefined;
  const points = curves.flatMap(measuredOf);
  const x = sizeAxis(points.flatMap((point) => point.x ?? []));
  const y = logAxis(points.map(({ ns }) => ns));
  const svg = element("svg", {
    viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
    role: "img",
    "aria-label": `Time over ${xKey} of ${suite}: ${curves.map(({ family }) => family.name).join(", ")}; the table has the numbers`,
    "font-size": 12,
    fill: "currentColor",
  });
  svg.append(
    element(
      "text",
      { x: PLOT.left, y: 16, "font-weight": "bold", "font-size": 14 },
      `Time over ${xKey}: ${suite}`,
    ),
  );
  svg.append(...axes(x, y, xKey));
  const styles = curveStyles([...new Set(curves.map(({ family }) => family.key))], isDark ? DARK : LIGHT);
  for (const [i, curve] of curves.entries())
    svg.append(
      ...drawn(curve, { place: i, x, y, isHollow: isHollow(curve), ...styles.get(curve.family.key)! }),
    );
  return svg;
}

const across = (axis: Axis, value: number) => PLOT.left + axis.at(value, PLOT.width);
const up = (axis: Axis, value: number) => PLOT.top + PLOT.height - axis.at(value, PLOT.height);

function axes(x: Axis, y: Axis, xKey: string): SVGElement[] {
  const bottom = PLOT.top + PLOT.height;
  return [
    ...y.ticks.flatMap((tick) => [
      element("line", {
        x1: PLOT.left,
        x2: PLOT.left + PLOT.width,
        y1: up(y, tick),
        y2: up(y, tick),
        stroke: "currentColor",
        opacity: 0.15,
      }),
      element(
        "text",
        { x: PLOT.left - 8, y: up(y, tick) + 4, "text-anchor": "end" },
        formatMilliseconds(tick),
      ),
    ]),
    ...x.ticks.map((tick) =>
      element("text", { x: across(x, tick), y: bottom + 18, "text-anchor": "middle" }, formatSize(tick)),
    ),
    element("line", {
      x1: PLOT.left,
      x2: PLOT.left + PLOT.width,
      y1: bottom,
      y2: bottom,
      stroke: "currentColor",
    }),
    element("text", { x: PLOT.left + PLOT.width / 2, y: bottom + 38, "text-anchor": "middle" }, xKey),
    element(
      "text",
      {
        x: 14,
        y: PLOT.top + PLOT.height / 2,
        transform: `rotate(-90 14 ${PLOT.top + PLOT.height / 2})`,
        "text-anchor": "middle",
      },
      "Time (ms)",
    ),
  ];
}

interface Look {
  /** In the key, from the top. */
  readonly place: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly isHollow: boolean;
  readonly color: string;
  readonly dash: readonly number[];
}

function drawn(curve: Curve, { place, x, y, isHollow, color, dash }: Look): SVGElement[] {
  const points = measuredOf(curve).filter((point) => point.x !== undefined);
  const line = points.map((point) => `${across(x, point.x!)},${up(y, point.ns)}`).join(" ");
  const stroke = { fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": dash.join(" ") };
  const key = PLOT.top + 10 + 34 * place;
  const right = PLOT.left + PLOT.width + 24;
  const dot = (cx: number, cy: number) =>
    element("circle", {
      cx,
      cy,
      r: 4,
      stroke: color,
      "stroke-width": 2,
      fill: isHollow ? "var(--paper)" : color,
    });
  return [
    element("polyline", { points: line, ...stroke }),
    ...points.map((point) => {
      const made = dot(across(x, point.x!), up(y, point.ns));
      made.append(element("title", {}, `${point.row.id}: ${formatDuration(point.ns)}`));
      return made;
    }),
    element("polyline", { points: `${right},${key - 4} ${right + 28},${key - 4}`, ...stroke }),
    dot(right + 14, key - 4),
    element("text", { x: right + 36, y: key, "font-weight": "bold" }, curve.family.name),
    element("text", { x: right + 36, y: key + 14, "font-size": 10 }, curve.implementation),
  ];
}
