/** A chart of a suite: the main panel of each group, small panels by engine, and the caption below. */
import type { TopLevelSpec } from "vega-lite";
import type { NonNormalizedSpec } from "vega-lite/types_unstable/spec/index.js";
import { wrap } from "./caption.js";
import { textWidth } from "./font.js";
import { config, curveStyles, FONT, LINE_PX, type Theme } from "./theme.js";

export type Block = NonNormalizedSpec;

const CAPTION_PX = 10;

/** Blocks from top to bottom, the caption under them; `width` is where its lines break. */
export function figure(
  blocks: readonly Block[],
  lines: readonly string[],
  width: number,
  theme: Theme,
): TopLevelSpec {
  const text = lines.flatMap((line) => wrap(line, width, CAPTION_PX));
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: lines.join(" "),
    usermeta: { caption: [...lines] },
    config: config(theme),
    spacing: 28,
    vconcat: [...blocks, captionBlock(text, width, theme)],
  };
}

const CAPTION = "caption";

/** A figure for a page that sets the caption itself: the panels, and the lines that stood below them. */
export function withoutCaption(spec: TopLevelSpec): {
  readonly spec: TopLevelSpec;
  readonly lines: readonly string[];
} {
  if (!("vconcat" in spec)) return { spec, lines: [] };
  const { caption } = (spec.usermeta ?? {}) as { caption?: readonly string[] };
  return {
    spec: { ...spec, vconcat: spec.vconcat.filter(({ name }) => name !== CAPTION) },
    lines: caption ?? [],
  };
}

function captionBlock(text: readonly string[], width: number, theme: Theme): Block {
  const line = CAPTION_PX + 4;
  return {
    name: CAPTION,
    width,
    height: text.length * line,
    data: { values: text.map((words, i) => ({ words, y: i * line })) },
    mark: {
      type: "text",
      aria: true,
      align: "left",
      baseline: "top",
      fontSize: CAPTION_PX,
      font: FONT,
      color: theme.faint,
    },
    encoding: {
      x: { value: 0 },
      y: { field: "y", type: "quantitative", scale: null, axis: null },
      text: { field: "words" },
      description: { field: "words" },
    },
  };
}

const KEY_PX = 11;

/**
 * A key of families: a heading, then line, marker and name of each, in as many rows as the width asks for.
 * @param all keys of the whole figure, which its panels take their styles from
 */
export function keyBlock(
  heading: string,
  families: ReadonlyMap<string, string>,
  all: readonly string[],
  width: number,
  theme: Theme,
): Block {
  const line = KEY_PX + 8;
  let [x, row] = [0, 1];
  const styles = curveStyles(all, theme);
  const entries = [...families].map(([key, name]) => {
    const size = 36 + textWidth(name, KEY_PX);
    if (x + size > width) [x, row] = [0, row + 1];
    const { color, shape, dash } = styles.get(key)!;
    const entry = {
      name,
      color,
      shape,
      dash,
      from: x,
      mid: x + 14,
      to: x + 28,
      text: x + 34,
      y: row * line + 8,
    };
    x += size + 16;
    return entry;
  });
  const px = (field: string) => ({ field, type: "quantitative" as const, scale: null, axis: null });
  const raw = (field: string) => ({ field, type: "nominal" as const, scale: null, legend: null });
  const words = {
    type: "text" as const,
    align: "left" as const,
    baseline: "middle" as const,
    fontSize: KEY_PX,
  };
  return {
    width,
    height: (row + 1) * line,
    data: { values: entries },
    layer: [
      {
        mark: { type: "rule", strokeWidth: LINE_PX },
        encoding: {
          x: px("from"),
          x2: { field: "to" },
          y: px("y"),
          color: raw("color"),
          strokeDash: raw("dash"),
        },
      },
      {
        mark: { type: "point", filled: true, size: 40, opacity: 1 },
        encoding: { x: px("mid"), y: px("y"), color: raw("color"), shape: raw("shape") },
      },
      {
        mark: { ...words, font: FONT, color: theme.text },
        encoding: { x: px("text"), y: px("y"), text: { field: "name" } },
      },
      {
        data: { values: [{ heading }] },
        mark: { ...words, font: FONT, fontWeight: "bold", color: theme.text },
        encoding: { x: { value: 0 }, y: { value: 8 }, text: { field: "heading" } },
      },
    ],
  };
}
