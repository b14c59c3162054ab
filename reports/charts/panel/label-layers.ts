/** The layers that write names at line ends, as placed by labels.ts. */
import { shorten } from "../../format.js";
import { textWidth } from "../font.js";
import { type CurveStyle, FONT, type Theme } from "../theme.js";
import type { Line } from "./boxes.js";
import { type DrawnCurve, type DrawnPoint, levelled, type PanelOptions, type Part } from "./drawn.js";
import { type LabelRequest, placeLabels } from "./labels.js";

const NAME_PX = 12;
const DETAIL_PX = 9.5;
const LONGEST_NAME = 28;
const LONGEST_DETAIL = 34;

export function labelLayers(
  curves: readonly DrawnCurve[],
  styles: ReadonlyMap<string, CurveStyle>,
  options: PanelOptions,
): Part[] {
  const written = writtenLabels(curves, styles, options);
  return [leaders(written), keys(written, styles), ...words(written, options.theme)];
}

type Written = ReturnType<typeof writtenLabels>;

/** Every name with its place, in pixels: with a detail below it, it moves up by half of both. */
function writtenLabels(
  curves: readonly DrawnCurve[],
  styles: ReadonlyMap<string, CurveStyle>,
  options: PanelOptions,
) {
  const { width, height } = options;
  const texts = new Map(curves.map((curve) => [curve.key, labelText(curve, options)]));
  const families = new Map(curves.map(({ key, family }) => [key, family]));
  const requests = curves.map((curve) => request(curve, texts.get(curve.key)!, options));
  return placeLabels(requests, width, height).map((label) => {
    const { name, detail } = texts.get(label.key)!;
    const family = families.get(label.key)!;
    const raise = detail === "" ? 0 : (DETAIL_PX + 3) / 2;
    const { leader } = label;
    const tip = label.where === "margin" ? label.y - raise : leader?.[3];
    const turned = leader && ([leader[0], leader[1], leader[2], tip!] as const);
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
}

function request(curve: DrawnCurve, { name, detail }: LabelText, options: PanelOptions): LabelRequest {
  const { width, height, x, y } = options;
  const points = levelled(curve, x);
  const through = (pick: (point: DrawnPoint) => number): Line =>
    visible(
      points.map((point) => [x.at(point.x!, width), height - y.at(pick(point), height)] as const),
      width,
    );
  return {
    key: curve.key,
    width: Math.max(textWidth(name, NAME_PX, true), textWidth(detail, DETAIL_PX)),
    height: detail === "" ? NAME_PX + 3 : NAME_PX + DETAIL_PX + 6,
    line: through(({ value }) => value),
    band: BAND.map((share) => through((point) => inBand(point, share, y.domain[0]))),
  };
}

/** From the low end to the high one: close enough that no name fits between. */
const BAND = [0, 0.25, 0.75, 1];

function inBand({ low, high }: DrawnPoint, share: number, least: number): number {
  return Math.max(least, low) + share * (high - Math.max(least, low));
}

const px = (field: string) => ({ field, type: "quantitative" as const, scale: null, axis: null });
const INK = { field: "ink", type: "nominal" as const, scale: null, legend: null };

/** A line from a name to its curve where they stand apart. */
function leaders(written: Written): Part {
  const values = written.flatMap(({ leader, ink }) =>
    leader ? [{ ink, x1: leader[0], y1: leader[1], x2: leader[2], y2: leader[3] }] : [],
  );
  return {
    data: { values },
    mark: { type: "rule", strokeWidth: 0.8, opacity: 1, strokeOpacity: 0.8, strokeDash: [] },
    encoding: { x: px("x1"), y: px("y1"), x2: { field: "x2" }, y2: { field: "y2" }, color: INK },
  };
}

/** The marker of the curve before each name outside the plot. */
function keys(written: Written, styles: ReadonlyMap<string, CurveStyle>): Part {
  const outside = written.filter((label) => label.where !== "inside");
  const shape = {
    field: "family",
    type: "nominal" as const,
    scale: { domain: [...styles.keys()], range: [...styles.values()].map((style) => style.shape) },
    legend: null,
  };
  return {
    data: { values: outside.map((label) => ({ ...label, x: label.x - 9 })) },
    mark: { type: "point", filled: true, size: 40, opacity: 1 },
    encoding: { x: px("x"), y: px("nameY"), color: INK, shape },
  };
}

/** Names, inside the plot with a halo below them, and details. */
function words(written: Written, theme: Theme): Part[] {
  const text = { type: "text", align: "left", baseline: "middle", font: FONT } as const;
  const bold = { ...text, fontSize: NAME_PX, fontWeight: "bold" } as const;
  const name = { x: px("x"), y: px("nameY"), text: { field: "name" } };
  const halo = { stroke: theme.background, strokeWidth: 4, strokeJoin: "round" } as const;
  return [
    {
      data: { values: written.filter((label) => label.where === "inside") },
      mark: { ...bold, ...halo },
      encoding: name,
    },
    { data: { values: written }, mark: { ...bold, color: theme.text }, encoding: name },
    {
      data: { values: written.filter((label) => label.detail !== "") },
      mark: { ...text, fontSize: DETAIL_PX, color: theme.faint },
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

interface LabelText {
  readonly name: string;
  readonly detail: string;
}

function labelText(curve: DrawnCurve, { labels, y, quantity }: PanelOptions): LabelText {
  const remarks = [];
  const highest = Math.max(...curve.points.map((point) => point.value));
  if (highest > y.domain[1])
    remarks.push(`${curve.points.length > 1 ? "up to " : ""}${quantity.text(highest)} ↑`);
  if (!curve.points.some((point) => point.measured)) remarks.push("extrapolated");
  const name = shorten(curve.name, LONGEST_NAME);
  const detail = shorten(curve.detail, LONGEST_DETAIL);
  return labels === "full"
    ? { name, detail: [detail, ...remarks].join(", ") }
    : { name: [name, ...remarks].join(", "), detail: "" };
}
