/** Colours, dashes and markers. A curve differs from its neighbours in all three, so it survives greyscale and colour blindness. */
import type { Config } from "vega-lite";
import { PALETTES, type PaletteName } from "./palettes.js";

export interface Theme {
  readonly dark: boolean;
  readonly background: string;
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  /** Default okabe-ito. */
  readonly palette?: PaletteName;
}

export const LIGHT: Theme = {
  dark: false,
  background: "#ffffff",
  text: "#1a1a1a",
  faint: "#595959",
  grid: "#e4e4e4",
};

export const DARK: Theme = {
  dark: true,
  background: "#15181c",
  text: "#f0f0f0",
  faint: "#b4b4b4",
  grid: "#33383f",
};

export interface CurveStyle {
  readonly color: string;
  readonly dash: readonly number[];
  readonly shape: string;
  readonly width: number;
}

/** Dash and marker of the families that the paper or we know; their colour is the palette's. */
const FIXED: Readonly<Record<string, Omit<CurveStyle, "width" | "color">>> = {
  attention: { dash: [8, 4], shape: "square" },
  convolution: { dash: [9, 3, 2, 3], shape: "diamond" },
  "tensor-scan": { dash: [4, 2.5], shape: "triangle-up" },
  scan: { dash: [12, 4], shape: "triangle-down" },
  ssd: { dash: [1, 0], shape: "circle" },
  "ssd-quadratic": { dash: [6, 3, 1, 3], shape: "triangle-right" },
  "ssd-scan": { dash: [3, 2], shape: "triangle-left" },
  recurrence: { dash: [8, 2, 2, 2, 2, 2], shape: "cross" },
};
/** For families that are not in the paper: hues, dashes and markers cycle with different periods. */
const DASHES = [
  [6, 3, 1, 3],
  [3, 2],
  [10, 2],
  [5, 2, 1, 2],
];
const SHAPES = ["triangle-right", "triangle-left", "diamond", "square", "triangle-up", "cross"];

/** Width of every line but SSD's. */
export const LINE_PX = 1.7;

/** The style of each family, in the order given. */
export function curveStyles(keys: readonly string[], theme: Theme): Map<string, CurveStyle> {
  const { known, spare, onDark } = PALETTES[theme.palette ?? "okabe-ito"];
  let others = 0;
  return new Map(
    keys.map((key) => {
      const i = Object.hasOwn(FIXED, key) ? -1 : others++;
      const { dash, shape } = FIXED[key] ?? {
        dash: DASHES[i % DASHES.length],
        shape: SHAPES[i % SHAPES.length],
      };
      const ink = known[key] ?? spare[i % spare.length];
      const color = theme.dark ? (onDark[ink] ?? ink) : ink;
      return [key, { dash, shape, color, width: key === "ssd" ? 2.6 : LINE_PX }];
    }),
  );
}

/** DejaVu is what the PNG has; the others are as narrow or narrower, so that nothing overlaps where it is missing. */
export const FONT = "DejaVu Sans Condensed, Helvetica Neue, Arial, Helvetica, sans-serif";

export function config(theme: Theme): Config {
  const text = { labelColor: theme.text, titleColor: theme.text };
  return {
    background: theme.background,
    font: FONT,
    padding: 10,
    view: { stroke: null },
    // Points describe themselves; lines, bands and labels would only repeat their numbers.
    mark: { aria: false },
    title: {
      color: theme.text,
      subtitleColor: theme.faint,
      anchor: "start",
      fontSize: 14,
      subtitleFontSize: 11,
    },
    axis: {
      ...text,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: "normal",
      titlePadding: 8,
      gridColor: theme.grid,
      domainColor: theme.faint,
      tickColor: theme.faint,
      labelFlush: false,
      labelOverlap: false,
    },
    legend: { ...text, labelFontSize: 11, labelLimit: 260, symbolSize: 60 },
    header: { ...text },
  };
}
