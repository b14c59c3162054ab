/** Spec to SVG by Vega (no canvas), SVG to PNG by resvg with the font that ships with us. */
import { Resvg } from "@resvg/resvg-js";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { FONT_FILES, textWidth } from "./font.js";

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
}

/** Exported by Vega, missing in its types. */
const { textMetrics } = vega as unknown as {
  textMetrics: { width(item: TextItem, text: unknown): number };
};

/** Pixels of the PNG per pixel of the chart: about 400 dots an inch at the width of a page. */
export const PNG_SCALE = 4;

/** Collects what vega-lite or Vega complain about: our own specs must give none. */
export class ChartLog {
  readonly messages: string[] = [];
  #level = 0;
  level(): number;
  level(level: number): this;
  level(level?: number): this | number {
    if (level === undefined) return this.#level;
    this.#level = level;
    return this;
  }
  error = (...words: readonly unknown[]): this => this.#note(words);
  warn = (...words: readonly unknown[]): this => this.#note(words);
  info = (): this => this;
  debug = (): this => this;
  #note(words: readonly unknown[]): this {
    this.messages.push(words.join(" "));
    return this;
  }
}

export async function renderSvg(spec: TopLevelSpec, log = new ChartLog()): Promise<string> {
  const { spec: compiled } = compile(spec, { logger: log });
  const width = textMetrics.width;
  textMetrics.width = (item, text) => {
    const bold = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
    return textWidth(String(text ?? ""), item.fontSize ?? 11, bold);
  };
  try {
    const view = new vega.View(vega.parse(compiled), { renderer: "none", logger: log });
    const svg = await view.toSVG();
    view.finalize();
    return svg;
  } finally {
    textMetrics.width = width;
  }
}

export function renderPng(svg: string, scale = PNG_SCALE): Uint8Array {
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      fontFiles: [...FONT_FILES],
      loadSystemFonts: false,
      defaultFontFamily: "DejaVu Sans Condensed",
      sansSerifFamily: "DejaVu Sans Condensed",
    },
  });
  return resvg.render().asPng();
}
