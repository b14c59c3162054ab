/** The files of one picture: SVG, PNG, PDF where wanted, its spec, and its numbers as a tidy CSV. */
import type { TopLevelSpec } from "vega-lite";
import { withDensity } from "../charts/print/density.js";
import { svgSize } from "../charts/print/page.js";
import { renderPdf } from "../charts/print/pdf.js";
import { renderPng } from "../charts/render.js";
import { tidyCsv } from "../charts/spec/tidy.js";
import type { Folder } from "./folder.js";

/** A CSS pixel, in which charts for screens are measured, is this much of a point. */
const POINTS_PER_PIXEL = 0.75;
const POINTS_PER_INCH = 72;
const PRINT_DOTS_PER_INCH = 600;

export interface Picture {
  readonly name: string;
  readonly spec: TopLevelSpec;
  readonly svg: string;
  /** Where there is more to say than the picture shows. */
  readonly csv?: string;
}

export async function writeScreenPicture(folder: Folder, picture: Picture, pdf: boolean): Promise<void> {
  const { name, svg } = picture;
  const { width, height } = svgSize(svg);
  const page = { widthPt: width * POINTS_PER_PIXEL, heightPt: height * POINTS_PER_PIXEL, title: name };
  // before anything of this picture is written: a PDF may be refused
  const printed = pdf ? await renderPdf(svg, page) : undefined;
  await folder.write(`${name}.svg`, svg);
  folder.writeLater(`${name}.png`, renderPng(svg));
  if (printed) await folder.write(`${name}.pdf`, printed);
  await writeSpec(folder, picture);
}

export interface PrintPicture extends Picture {
  readonly widthPt: number;
  readonly heightPt: number;
}

export async function writePrintPicture(folder: Folder, picture: PrintPicture): Promise<void> {
  const { name, svg, widthPt, heightPt } = picture;
  const printed = await renderPdf(svg, { widthPt, heightPt, title: name });
  await folder.write(`${name}.svg`, svg);
  await folder.write(`${name}.pdf`, printed);
  const pixelsPerPoint = PRINT_DOTS_PER_INCH / POINTS_PER_INCH;
  // resvg takes a point for 4/3 pixels, as CSS does
  const png = renderPng(svg, pixelsPerPoint * POINTS_PER_PIXEL);
  folder.writeLater(
    `${name}.png`,
    png.then((bytes) => withDensity(bytes, PRINT_DOTS_PER_INCH)),
  );
  await writeSpec(folder, picture);
}

async function writeSpec(folder: Folder, { name, spec, csv }: Picture): Promise<void> {
  await folder.write(`${name}.vl.json`, `${JSON.stringify(spec, null, 1)}\n`);
  await folder.write(`${name}.csv`, csv ?? tidyCsv(spec));
}
