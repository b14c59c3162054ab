/** A chart of a suite: the main panel of each group, small panels by engine, and the caption below. */
import type { TopLevelSpec } from "vega-lite";
import type { NonNormalizedSpec } from "vega-lite/types_unstable/spec/index.js";
import { wrap } from "./caption.js";
import { config, FONT, type Theme } from "./theme.js";

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
    config: config(theme),
    spacing: 28,
    vconcat: [...blocks, captionBlock(text, width, theme)],
  };
}

function captionBlock(text: readonly string[], width: number, theme: Theme): Block {
  const line = CAPTION_PX + 4;
  return {
    width,
    height: text.length * line,
    data: { values: text.map((words, i) => ({ words, y: i * line })) },
    mark: {
      type: "text",
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
    },
  };
}
