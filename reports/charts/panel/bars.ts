/** A panel of bars that begin at zero: one quantity of things that have names and no size, its number behind each bar. */
import type { Axis } from "../scale.js";
import { curveStyles, FONT, type Theme } from "../theme.js";
import type { Layer } from "./drawn.js";
import { SCREEN } from "./metrics.js";

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Interval of a measured one. */
  readonly low?: number;
  readonly high?: number;
  /** Behind the bar. */
  readonly text: string;
  readonly case: string;
}

export interface BarOptions {
  readonly width: number;
  readonly title: string;
  readonly subtitle: readonly string[];
  /** Name of the field in the spec: base unit included. */
  readonly field: string;
  readonly xTitle: string;
  readonly x: Axis;
  tick(value: number): string;
  /** Key of the family whose colour the bars have. */
  readonly family: string;
  readonly theme: Theme;
}

const BAR_PX = 24;

/** From top to bottom in the order given. */
export function bars(all: readonly Bar[], options: BarOptions): Layer {
  const { field, x, theme, family } = options;
  const { color } = curveStyles([family], theme).get(family)!;
  const quantity = { field, type: "quantitative" as const };
  const values = all.map(({ name, value, low = value, high = value, text, case: id }) => ({
    ...{ name, [field]: value, low, high, text, case: id },
    said: `${name}: ${text}`,
  }));
  return {
    width: options.width,
    height: BAR_PX * all.length,
    data: { values },
    title: {
      text: options.title,
      subtitle: [...options.subtitle],
      subtitlePadding: 4,
      offset: SCREEN.titleOffset,
      frame: "group",
    },
    encoding: {
      y: { field: "name", type: "nominal", sort: all.map(({ name }) => name), title: null },
      x: {
        ...quantity,
        title: options.xTitle,
        scale: { domain: [...x.domain], nice: false },
        axis: { values: [...x.ticks], labelExpr: labels(options), grid: false },
      },
    },
    layer: [
      {
        mark: { type: "bar", color, height: { band: 0.6 }, aria: true },
        encoding: {
          tooltip: ["said", "case"].map((said) => ({ field: said, type: "nominal" as const })),
          description: { field: "said", type: "nominal" },
        },
      },
      {
        transform: [{ filter: "datum.high > datum.low" }],
        mark: { type: "rule", color: theme.text, strokeWidth: 1.4 },
        encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
      },
      {
        mark: { type: "text", align: "left", dx: 5, font: FONT, fontSize: 10.5, color: theme.text },
        encoding: { x: { field: "high", type: "quantitative" }, text: { field: "text" } },
      },
    ],
  };
}

function labels({ x, tick }: BarOptions): string {
  const cases = x.ticks.map(
    (value) => `abs(datum.value - ${value}) < ${1e-6 * (value || 1)} ? '${tick(value)}' : `,
  );
  return `${cases.join("")}''`;
}
