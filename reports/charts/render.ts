/** Spec to SVG by Vega (no canvas), SVG to PNG by resvg with the font that ships with us. */
import { type ChildProcess, fork } from "node:child_process";
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

/** Pixels of the PNG per pixel of the chart: about 300 dots an inch at the width of a page. What is printed is a PDF. */
export const PNG_SCALE = 3;

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
    return withTitles(svg);
  } finally {
    textMetrics.width = width;
  }
}

/** What was not measured says so under a pointer too, in a picture that stands alone. */
function withTitles(svg: string): string {
  return svg.replace(
    /<path aria-label="([^"]*, extrapolated)"([^>]*?)(?:\/>|><\/path>)/g,
    (_, said: string, rest: string) => `<path aria-label="${said}"${rest}><title>${said}</title></path>`,
  );
}

interface Answer {
  readonly id: number;
  readonly png?: Uint8Array;
  readonly why?: string;
}

interface Waiting {
  resolve(png: Uint8Array): void;
  reject(error: Error): void;
}

/**
 * The rasteriser is native code that takes twice the pixels of a picture: in a child of its own its memory is not ours, it works while
 * the next picture is laid out, and a crash is an error that can be told.
 */
class Rasteriser {
  private readonly waiting = new Map<number, Waiting>();
  private readonly child: ChildProcess;
  private count = 0;
  isOver = false;

  constructor() {
    this.child = fork(new URL("./raster.mjs", import.meta.url), [...FONT_FILES], {
      serialization: "advanced",
      execArgv: [],
    });
    this.child.on("message", ({ id, png, why }: Answer) => {
      const one = this.waiting.get(id);
      this.waiting.delete(id);
      this.hold();
      if (png) one?.resolve(png);
      else one?.reject(new Error(`the picture cannot be drawn as PNG: ${why}`));
    });
    this.child.on("exit", (code, signal) => {
      this.isOver = true;
      for (const { reject } of this.waiting.values())
        reject(new Error(`the rasteriser ended with ${signal ?? `exit code ${code}`}`));
    });
    this.hold();
  }

  get queue(): number {
    return this.waiting.size;
  }

  draw(svg: string, scale: number): Promise<Uint8Array> {
    const id = this.count++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.hold();
      this.child.send({ id, svg, scale });
    });
  }

  /** Keeps this process alive only while a picture is awaited. */
  private hold(): void {
    const parts = [this.child, this.child.channel];
    for (const part of parts) this.waiting.size > 0 ? part?.ref() : part?.unref();
  }
}

/** The second one starts where pictures queue up: drawing them takes longer than laying them out. */
const MOST_RASTERISERS = 2;
const QUEUE = 2;

let rasterisers: readonly Rasteriser[] = [];

export function renderPng(svg: string, scale = PNG_SCALE): Promise<Uint8Array> {
  rasterisers = rasterisers.filter(({ isOver }) => !isOver);
  let next = [...rasterisers].sort((a, b) => a.queue - b.queue)[0];
  if (!next || (next.queue >= QUEUE && rasterisers.length < MOST_RASTERISERS)) {
    next = new Rasteriser();
    rasterisers = [...rasterisers, next];
  }
  return next.draw(svg, scale);
}
