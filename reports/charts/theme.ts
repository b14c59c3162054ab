/** Colours, dashes and markers. A curve differs from its neighbours in all three, so it survives greyscale and colour blindness. */
import type { Config } from "vega-lite";

export interface Theme {
  readonly dark: boolean;
  readonly background: string;
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
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

// Okabe & Ito (2008). Yellow is left out: it vanishes on white.
const SKY = "#56B4E9";
const FIXED: Readonly<Record<string, Omit<CurveStyle, "width">>> = {
  attention: { color: "#000000", dash: [8, 4], shape: "square" },
  convolution: { color: "#CC79A7", dash: [9, 3, 2, 3], shape: "diamond" },
  "tensor-scan": { color: "#E69F00", dash: [4, 2.5], shape: "triangle-up" },
  scan: { color: "#D55E00", dash: [12, 4], shape: "triangle-down" },
  ssd: { color: "#0072B2", dash: [1, 0], shape: "circle" },
  "ssd-quadratic": { color: SKY, dash: [6, 3, 1, 3], shape: "triangle-right" },
  "ssd-scan": { color: "#7F7F7F", dash: [3, 2], shape: "triangle-left" },
  recurrence: { color: "#009E73", dash: [8, 2, 2, 2, 2, 2], shape: "cross" },
};
/** For families that are not in the paper: hues, dashes and markers cycle with different periods. */
const HUES = [SKY, "#7F7F7F", "#CC79A7", "#009E73", "#D55E00"];
const DASHES = [
  [6, 3, 1, 3],
  [3, 2],
  [10, 2],
  [5, 2, 1, 2],
];
const SHAPES = ["triangle-right", "triangle-left", "diamond", "square", "triangle-up", "cross"];
const spareStyle = (i: number) => ({
  color: HUES[i % HUES.length],
  dash: DASHES[i % DASHES.length],
  shape: SHAPES[i % SHAPES.length],
});

/** On a dark page black turns to white, and the two darkest hues are lifted (contrast at least 4.5). */
const ON_DARK: Readonly<Record<string, string>> = {
  "#000000": "#ffffff",
  "#0072B2": "#3FA7E0",
  "#D55E00": "#F07A26",
};

/** Width of every line but SSD's. */
export const LINE_PX = 1.7;

/** The style of each family, in the order given. */
export function curveStyles(keys: readonly string[], theme: Theme): Map<string, CurveStyle> {
  let spare = 0;
  return new Map(
    keys.map((key) => {
      const style = FIXED[key] ?? spareStyle(spare++);
      const color = theme.dark ? (ON_DARK[style.color] ?? style.color) : style.color;
      return [key, { ...style, color, width: key === "ssd" ? 2.6 : LINE_PX }];
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
