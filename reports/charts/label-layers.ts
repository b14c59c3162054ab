/** The layers that write names at line ends, as placed by labels.ts. */
import { shorten } from "../format.js";
import { type DrawnCurve, levelled, type PanelOptions, type Part } from "./drawn.js";
import { textWidth } from "./font.js";
import { type LabelRequest, placeLabels } from "./labels.js";
import { type CurveStyle, FONT } from "./theme.js";

const NAME_PX = 12;
const DETAIL_PX = 9.5;
const LONGEST_NAME = 28;
const LONGEST_DETAIL = 34;

export function labelLayers(
  curves: readonly DrawnCurve[],
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
        levelled(curve, x).map(
          ({ x: at, value }) => [x.at(at!, width), height - y.at(value, height)] as const,
        ),
        width,
      ),
    };
  });
  const byKey = new Map(curves.map((curve) => [curve.key, curve]));
  const placed = placeLabels(requests, width, height).map((label) => {
    const { name, detail } = texts.get(label.key)!;
    const family = byKey.get(label.key)!.family;
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
  const words = { type: "text", align: "left", baseline: "middle", font: FONT } as const;
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
      data: { values: placed.filter((label) => label.where === "inside") },
      mark: {
        ...words,
        fontSize: NAME_PX,
        fontWeight: "bold",
        stroke: theme.background,
        strokeWidth: 4,
        strokeJoin: "round",
      },
      encoding: { ...at, text: { field: "name" } },
    },
    {
      data: { values: placed },
      mark: {
        ...words,
        fontSize: NAME_PX,
        fontWeight: "bold",
        color: theme.text,
      },
      encoding: { ...at, text: { field: "name" } },
    },
    {
      data: { values: placed.filter((label) => label.detail !== "") },
      mark: {
        ...words,
        fontSize: DETAIL_PX,
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

function labelText(
  curve: DrawnCurve,
  { labels, y, quantity }: PanelOptions,
): { name: string; detail: string } {
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
