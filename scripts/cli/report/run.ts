/** `report`: reads run folders, merges them, writes everything but the results themselves. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findings } from "../../../reports/analysis/findings.js";
import { NoSuchCurve } from "../../../reports/charts/paper/select.js";
import { PageError } from "../../../reports/charts/print/page.js";
import { PdfError } from "../../../reports/charts/print/pdf.js";
import { DARK, LIGHT } from "../../../reports/charts/theme.js";
import { claimsLines } from "../../../reports/claims.js";
import { publishPaper } from "../../../reports/publish/paper.js";
import { publish } from "../../../reports/publish.js";
import { toCsv } from "../../../reports/rows/csv.js";
import { reasonOf } from "../../../reports/rows/errors.js";
import type { Merged } from "../../../reports/rows/merge.js";
import { table } from "../../../reports/table.js";
import { EXIT, usageError } from "../exit.js";
import { shown } from "../words.js";
import { compareRuns } from "./compare.js";
import { parseReportOptions, type ReportOptions } from "./options.js";
import { merge, readSource } from "./sources.js";

/** @returns the exit code. @throws Stop */
export async function report(argv: readonly string[]): Promise<number> {
  const options = parseReportOptions(argv);
  if (!options) return EXIT.good;
  const { columns = 80, isTTY } = process.stdout;
  const width = isTTY ? columns : 120;
  const color = options.color && isTTY === true && !process.env.NO_COLOR;
  const { lines, files } = await written(options, () =>
    options.compare ? compareRuns(options, width) : ofRuns(options, width, color),
  );
  process.stdout.write(`${[...lines, "", ...files.map(shown)].join("\n")}\n`);
  return EXIT.good;
}

interface Written {
  readonly lines: readonly string[];
  readonly files: readonly string[];
}

/** What a person can mend is one line: a folder that takes no file, a curve or a page that cannot be. */
async function written({ out }: ReportOptions, write: () => Promise<Written>): Promise<Written> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof NoSuchCurve || error instanceof PageError || error instanceof PdfError)
      throw usageError(error.message);
    if (
      (error as NodeJS.ErrnoException).code === undefined ||
      !(error instanceof Error) ||
      error.name === "Stop"
    )
      throw error;
    throw usageError(`cannot write into ${out}: ${reasonOf(error)}; choose another folder with --out`);
  }
}

async function ofRuns(options: ReportOptions, width: number, color: boolean): Promise<Written> {
  const { folders, out, look, style } = options;
  const merged = merge(folders.map(readSource));
  if (merged.rows.length === 0) throw usageError(`${folders.join(", ")} holds no case yet; run bench first`);
  for (const note of merged.notes) process.stderr.write(`dualbench: ${note}\n`);
  if (style === "paper") return onPaper(options, merged);
  const csv = join(out, "results.csv");
  mkdirSync(out, { recursive: true });
  writeFileSync(csv, toCsv(merged.rows));
  const files = [csv, ...(await publish(merged.run, merged.rows, out, look))];
  const lines = [
    ...table(merged.rows, { width, color }),
    "",
    ...findings(merged.rows),
    "",
    ...claimsLines(merged.rows, width),
  ];
  return { lines, files };
}

async function onPaper(options: ReportOptions, { run, rows }: Merged): Promise<Written> {
  const { out, widthPt, fontPt, folders } = options;
  const { dark, palette, ...look } = options.look;
  const theme = { ...(dark ? DARK : LIGHT), ...(palette ? { palette } : {}) };
  const files = await publishPaper(run, rows, out, { ...look, widthPt, fontPt, theme });
  if (files.length === 0)
    throw usageError(`${folders.join(", ")} has nothing to draw: no case was measured; run bench first`);
  return { lines: [], files };
}
