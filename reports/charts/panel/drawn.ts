/** What a panel draws: curves of one quantity, time or ratio, with the words that go with each point. */
import type { Field } from "vega-lite/types_unstable/channeldef.js";
import type { LayerSpec } from "vega-lite/types_unstable/spec/layer.js";
import type { UnitSpec } from "vega-lite/types_unstable/spec/unit.js";
import type { Curve } from "../../analysis/curves.js";
import {
  formatBytes,
  formatDuration,
  formatInterval,
  formatMilliseconds,
  formatRatio,
} from "../../format.js";
import type { Axis } from "../scale.js";
import type { Theme } from "../theme.js";
import type { Metrics } from "./metrics.js";

export interface DrawnPoint {
  /** Undefined: the curve has no such axis and is drawn level. */
  readonly x: number | undefined;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly measured: boolean;
  readonly segment: number;
  readonly joined: boolean;
  /** Case ids for the tooltip. */
  readonly about: string;
}

export interface DrawnCurve {
  readonly key: string;
  readonly family: string;
  readonly name: string;
  readonly detail: string;
  readonly points: readonly DrawnPoint[];
}

export interface Quantity {
  /** Name of the field in the spec: base unit included. */
  readonly field: "ns" | "ratio" | "share" | "bytes" | "accuracy" | "loss";
  readonly title: string;
  tick(value: number): string;
  text(value: number): string;
  interval(low: number, high: number): string;
}

export const TIME: Quantity = {
  field: "ns",
  title: "Time (ms)",
  tick: formatMilliseconds,
  text: formatDuration,
  interval: formatInterval,
};

export const RATIO: Quantity = {
  field: "ratio",
  title: "Time relative to SSD",
  tick: (value) => `${Number(value.toPrecision(6))}x`,
  text: formatRatio,
  interval: (low, high) => `${formatRatio(low)} to ${formatRatio(high)}`,
};

/** What a sequence keeps of its tokens: a state, or a cache. */
export const KEPT: Quantity = {
  field: "bytes",
  title: "Kept by a sequence",
  tick: formatBytes,
  text: formatBytes,
  interval: (low) => formatBytes(low),
};

export function drawnTime(curve: Curve): DrawnCurve {
  const points = curve.points.map(({ x, ns, lowNs, highNs, row, ...rest }) => {
    return { ...rest, x, value: ns, low: lowNs, high: highNs, about: row.id };
  });
  return {
    key: curve.key,
    family: curve.family.key,
    name: curve.family.name,
    detail: curve.implementation,
    points,
  };
}

/** A curve without the axis becomes a level line over the whole width; its marker stands at no particular place. */
export function levelled(curve: DrawnCurve, x: Axis): DrawnPoint[] {
  return curve.points.flatMap((point) =>
    point.x === undefined ? x.domain.map((end, i) => ({ ...point, x: end, joined: i > 0 })) : [point],
  );
}

export type Layer = LayerSpec<Field>;
export type Part = LayerSpec<Field> | UnitSpec<Field>;

export interface PanelOptions {
  readonly width: number;
  readonly height: number;
  readonly title: string | readonly string[];
  readonly subtitle?: readonly string[];
  readonly xTitle: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly quantity: Quantity;
  readonly theme: Theme;
  /** Keys of all families of the whole figure: panels share one colour scale. */
  readonly families: readonly string[];
  /** full: name and implementation; names: name only; legend: a legend in a free corner; none: a legend elsewhere names the curves. */
  readonly labels: "full" | "names" | "legend" | "none";
  /** Default SCREEN. */
  readonly metrics?: Metrics;
  /** false: the panel to its left says it. */
  readonly yTitle?: boolean;
}
