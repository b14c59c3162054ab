/** Names one below the other, each with a point, the interval about it, perhaps a box; rules at values that mean something. */
import { textWidth } from "../font.js";
import type { Layer, Part } from "../panel/drawn.js";
import { SCREEN } from "../panel/metrics.js";
import type { Axis } from "../scale.js";
import { curveStyles, FONT, type Theme } from "../theme.js";

export interface StripRow {
  readonly name: string;
  /** Key of its colour and marker. */
  readonly family: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Thicker, within the interval. */
  readonly box?: readonly [low: number, high: number];
  /** In the tooltip and for screen readers. */
  readonly said: string;
  /** The id of the case that it is of, or the last of several. */
  readonly case: string;
}

export interface StripOptions {
  /** Of the whole panel, names included. */
  readonly width: number;
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly xTitle: string;
  /** Name of the field in the spec and in the CSV: base unit included. */
  readonly field: string;
  readonly x: Axis;
  tick(value: number): string;
  /** Values at which a rule stands. */
  readonly rules: readonly number[];
  readonly families: readonly string[];
  readonly theme: Theme;
}

const ROW_PX = 18;
const NAME_PX = 10;

const px = (field: string) => ({ field, type: "quantitative" as const, scale: null, axis: null });

export function strip(rows: readonly StripRow[], options: StripOptions): Layer {
  const { width, field, x, theme } = options;
  const styles = curveStyles(options.families, theme);
  const left = Math.ceil(Math.max(...rows.map(({ name }) => textWidth(name, NAME_PX)))) + 14;
  const [least, most] = x.domain;
  const within = (value: number) => Math.min(most, Math.max(least, value));
  const values = rows.map(({ value, low, high, box = [value, value], family, name, said, ...rest }, i) => ({
    ...{ [field]: value, low: within(low), high: within(high), box_low: box[0], box_high: box[1] },
    ...{ family, curve: name, said, case: rest.case, place: (i + 0.5) * ROW_PX },
  }));
  const byFamily = (pick: "color" | "shape") => ({
    field: "family",
    type: "nominal" as const,
    scale: { domain: [...styles.keys()], range: [...styles.values()].map((style) => style[pick]) },
    legend: null,
  });
  const across = (name: string) => ({ field: name, type: "quantitative" as const });
  const rule = (low: string, high: string, strokeWidth: number, opacity: number): Part => ({
    mark: { type: "rule", strokeWidth, opacity },
    encoding: { x: across(low), x2: { field: high }, y: px("place"), color: byFamily("color") },
  });
  return {
    width,
    height: rows.length * ROW_PX,
    data: { values },
    title: {
      text: options.title,
      subtitle: [...options.subtitle],
      subtitlePadding: 4,
      offset: SCREEN.titleOffset,
      frame: "bounds",
    },
    encoding: {
      x: {
        field,
        type: "quantitative",
        title: options.xTitle,
        scale: { type: x.kind, domain: [...x.domain], range: [left, width], nice: false },
        axis: { values: [...x.ticks], labelExpr: labelExpr(options), grid: true },
      },
    },
    layer: [
      {
        data: { values: options.rules.map((at) => ({ at })) },
        mark: { type: "rule", strokeWidth: 1.2, color: theme.text },
        encoding: { x: across("at") },
      },
      rule("low", "high", 1.6, 1),
      ...(rows.some(({ box }) => box) ? [rule("box_low", "box_high", 9, 0.35)] : []),
      {
        mark: { type: "point", filled: true, size: 46, opacity: 1, aria: true },
        encoding: {
          ...{ x: across(field), y: px("place"), color: byFamily("color"), shape: byFamily("shape") },
          tooltip: ["said", "case"].map((name) => ({ field: name, type: "nominal" as const })),
          description: { field: "said", type: "nominal" },
        },
      },
      {
        mark: {
          type: "text",
          align: "right",
          baseline: "middle",
          font: FONT,
          fontSize: NAME_PX,
          color: theme.text,
        },
        encoding: { x: { value: left - 10 }, y: px("place"), text: { field: "curve" } },
      },
    ],
  };
}

function labelExpr({ x, tick }: StripOptions): string {
  const cases = x.ticks.map(
    (value) => `abs(datum.value - ${value}) <= 1e-6 * abs(${value}) ? '${tick(value)}' : `,
  );
  return `${cases.join("")}''`;
}
