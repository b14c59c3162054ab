/** The files of one picture: SVG, PNG, PDF where wanted, its spec, and its numbers as a tidy CSV. */
import type { TopLevelSpec } from "vega-lite";
import { withDensity } from "../charts/print/density.js";
import { svgSize } from "../charts/print/page.js";
import { renderPdf } from "../charts/print/pdf.js";
import { PNG_SCALE, renderPng } from "../charts/render.js";
import { tidyCsv } from "../charts/spec/tidy.js";
import type { Folder } from "./folder.js";

/** A CSS pixel, in which charts for screens are measured, is this much of a point. */
const POINTS_PER_PIXEL = 0.75;
const POINTS_PER_INCH = 72;
const PRINT_DOTS_PER_INCH = 600;
/** A figure of a dozen panels would take longer to rasterise than all the others together. */
const MOST_PIXELS = 16e6;

export interface Picture {
  readonly name: string;
  readonly spec: TopLevelSpec;
  readonly svg: string;
  /** Where there is more to say than the picture shows. */
  readonly csv?: string;
}

/** @throws PdfError before anything of the picture is written */
export async function writeScreenPicture(folder: Folder, picture: Picture, pdf: boolean): Promise<void> {
  const { name, svg } = picture;
  const { width, height } = svgSize(svg);
  const page = { widthPt: width * POINTS_PER_PIXEL, heightPt: height * POINTS_PER_PIXEL, title: name };
  const printed = pdf ? await renderPdf(svg, page) : undefined;
  folder.write(`${name}.svg`, svg);
  folder.writeLater(`${name}.png`, renderPng(svg, fitting(PNG_SCALE, width * height)));
  if (printed) folder.write(`${name}.pdf`, printed);
  writeSpec(folder, picture);
}

function fitting(scale: number, pixels: number): number {
  return Math.max(1, Math.min(scale, Math.sqrt(MOST_PIXELS / pixels) || scale));
}

export interface PrintPicture extends Picture {
  readonly widthPt: number;
  readonly heightPt: number;
}

/** @throws PdfError before anything of the picture is written */
export async function writePrintPicture(folder: Folder, picture: PrintPicture): Promise<void> {
  const { name, svg, widthPt, heightPt } = picture;
  const printed = await renderPdf(svg, { widthPt, heightPt, title: name });
  folder.write(`${name}.svg`, svg);
  folder.write(`${name}.pdf`, printed);
  const pixelsPerPoint = PRINT_DOTS_PER_INCH / POINTS_PER_INCH;
  // resvg takes a point for 4/3 pixels, as CSS does
  const png = renderPng(svg, pixelsPerPoint * POINTS_PER_PIXEL);
  folder.writeLater(
    `${name}.png`,
    png.then((bytes) => withDensity(bytes, PRINT_DOTS_PER_INCH)),
  );
  writeSpec(folder, picture);
}

function writeSpec(folder: Folder, { name, spec, csv }: Picture): void {
  folder.write(`${name}.vl.json`, `${JSON.stringify(spec, null, 1)}\n`);
  folder.write(`${name}.csv`, csv ?? tidyCsv(spec));
}
