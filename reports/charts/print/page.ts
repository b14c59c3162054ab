/** Pages of an exact size: the SVG's own size is made to be what a paper needs. */
import type { TopLevelSpec } from "vega-lite";
import { ChartLog, renderSvg } from "../render.js";

/** What a figure cannot be, in one sentence. */
export class PageError extends Error {
  override readonly name = "PageError";
}

export interface Page {
  readonly spec: TopLevelSpec;
  readonly svg: string;
  readonly widthPt: number;
  readonly heightPt: number;
}

const PASSES = 4;
const LEAST_PLOT_PT = 40;

/** Width and height of what Vega drew. */
export function svgSize(svg: string): { width: number; height: number } {
  const [, width, height] = /<svg[^>]* width="([\d.]+)(?:pt)?" height="([\d.]+)(?:pt)?"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
}

/**
 * Widens or narrows the plots until the whole figure, axes and labels included, is as wide as the page.
 * @param draw the spec for plots of a width
 * @throws PageError where it cannot be, or where Vega complains
 */
export async function fitPage(
  draw: (plotWidth: number) => TopLevelSpec,
  columns: number,
  widthPt: number,
): Promise<Page> {
  let plot = Math.max(LEAST_PLOT_PT, widthPt / columns - 40);
  for (let pass = 1; ; pass++) {
    const spec = draw(plot);
    const svg = await drawWithoutComplaint(spec);
    const { width, height } = svgSize(svg);
    const spare = widthPt - width;
    if (spare >= 0 && (spare < columns + 1 || pass === PASSES))
      return { spec, ...onPage(svg, widthPt, height) };
    if (pass === PASSES)
      throw new PageError(
        `the figure is ${Math.ceil(width)} pt wide and the page ${widthPt} pt; ` +
          "choose a larger --width, a smaller --font-size, or fewer --curves",
      );
    plot = Math.max(LEAST_PLOT_PT, Math.floor(plot + spare / columns));
  }
}

/** @throws PageError with what Vega-Lite or Vega said */
export async function drawWithoutComplaint(spec: TopLevelSpec): Promise<string> {
  const log = new ChartLog();
  let svg: string;
  try {
    svg = await renderSvg(spec, log);
  } catch (error) {
    throw new PageError(`Vega-Lite does not take this chart: ${(error as Error).message}`);
  }
  if (log.messages.length > 0) throw new PageError(`Vega-Lite does not take this chart: ${log.messages[0]}`);
  return svg;
}

/** One pixel of the spec is a point of the page; what the page has more than the figure is margin on both sides. */
function onPage(svg: string, widthPt: number, heightPt: number) {
  const { width, height } = svgSize(svg);
  const left = -(widthPt - width) / 2;
  const size = `width="${widthPt}pt" height="${heightPt}pt" viewBox="${left} 0 ${widthPt} ${height}"`;
  const root = /<svg[^>]*>/.exec(svg)![0];
  const bare = root.replace(/ (?:width|height|viewBox)="[^"]*"/g, "");
  // the background covers the margins too
  const background = new RegExp(`<rect width="${width}" height="${height}"`);
  const page = `<rect x="${left}" width="${widthPt}" height="${height}"`;
  return {
    svg: svg.replace(root, bare.replace(/>$/, ` ${size}>`)).replace(background, page),
    widthPt,
    heightPt,
  };
}
