/** Figures for print, each with its PDF, its spec and its numbers. */

import { drawable } from "../analysis/drawable.js";
import { groupBy } from "../analysis/series.js";
import { type PaperOptions, paperFigures } from "../charts/paper/paper.js";
import { keepCurves } from "../charts/paper/select.js";
import { fitPage } from "../charts/print/page.js";
import { type JsonObject, mergeSpec } from "../charts/spec/merge.js";
import type { Row, RunRecord } from "../rows/row.js";
import { Folder } from "./folder.js";
import { writePrintPicture } from "./pictures.js";

export interface PaperPublication extends PaperOptions {
  /** Merged into every figure. */
  readonly spec?: JsonObject;
}

/** Writes into `dir` (made if missing) and returns the paths; none where no curve has a point. @throws NoSuchCurve, PageError, PdfError */
export async function publishPaper(
  run: RunRecord,
  rows: readonly Row[],
  dir: string,
  options: PaperPublication,
): Promise<string[]> {
  const { spec: fragment, widthPt } = options;
  const figures = paperFigures(run, drawn(keepCurves(rows, options.curves)), options);
  const pictures = [];
  for (const { name, columns, draw } of figures) {
    const merged = (plot: number) => (fragment ? mergeSpec(draw(plot), fragment) : draw(plot));
    pictures.push({ name, ...(await fitPage(merged, columns, widthPt)) });
  }
  const folder = new Folder(dir);
  for (const picture of pictures) await writePrintPicture(folder, picture);
  return folder.done();
}

/** Of very many rows what a picture can show. */
function drawn(rows: readonly Row[]): Row[] {
  return [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) => [
    ...drawable(suite, members).rows,
  ]);
}
