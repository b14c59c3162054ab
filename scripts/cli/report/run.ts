/** `report`: reads run folders, merges them, writes everything but the results themselves. */
import { findings } from "../../../reports/analysis/findings.js";
import { NoSuchCurve } from "../../../reports/charts/paper/select.js";
import { PageError } from "../../../reports/charts/print/page.js";
import { PdfError } from "../../../reports/charts/print/pdf.js";
import { DARK, LIGHT } from "../../../reports/charts/theme.js";
import { claimsLines } from "../../../reports/claims.js";
import { learntLines } from "../../../reports/learning/words.js";
import { publishPaper } from "../../../reports/publish/paper.js";
import { publish } from "../../../reports/publish.js";
import { toCsv } from "../../../reports/rows/csv.js";
import { reasonOf, StoreError } from "../../../reports/rows/errors.js";
import { makeFolder, writeInto } from "../../../reports/rows/folder.js";
import { mergeRuns } from "../../../reports/rows/merge.js";
import type { Row, RunRecord } from "../../../reports/rows/row.js";
import type { TrainingRow } from "../../../reports/rows/training.js";
import { runMarkdown } from "../../../reports/summary.js";
import { table } from "../../../reports/table.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { EXIT, usageError, warn, warnAll } from "../exit.js";
import { writeMarkdown } from "../markdown-file.js";
import { shown } from "../words.js";
import { compareRuns } from "./compare.js";
import { history } from "./history.js";
import { parseReportOptions, type ReportOptions } from "./options.js";
import { readFolder } from "./sources.js";
import type { Written } from "./written.js";

/** @returns the exit code. @throws Stop */
export async function report(argv: readonly string[]): Promise<number> {
  const options = parseReportOptions(argv);
  if (!options) return EXIT.good;
  const { columns = 80, isTTY } = process.stdout;
  const width = isTTY ? columns : 120;
  const color = options.color && isTTY === true && !process.env.NO_COLOR;
  const { lines, files, incomplete, markdown } = await mended(() => {
    if (options.compare) return compareRuns(options, width);
    return options.history ? history(options) : ofRuns(options, width, color);
  });
  const more = options.markdown === undefined ? [] : [writeMarkdown(options.markdown, markdown())];
  const parts = lines.length > 0 ? [...lines, ""] : [];
  process.stdout.write(`${[...parts, ...[...files, ...more].map(shown)].join("\n")}\n`);
  return incomplete ? EXIT.usage : EXIT.good;
}

/** What a person can mend is one line: a folder that takes no file, a curve or a page that cannot be. */
async function mended(write: () => Promise<Written>): Promise<Written> {
  try {
    return await write();
  } catch (error) {
    const kinds = [NoSuchCurve, PageError, PdfError, StoreError];
    if (kinds.some((kind) => error instanceof kind)) throw usageError((error as Error).message);
    throw error;
  }
}

async function ofRuns(options: ReportOptions, width: number, color: boolean): Promise<Written> {
  const read = options.folders.map(readFolder);
  const problems = read.flatMap(({ faults }) => faults);
  const { run, rows: all, notes } = mergeRuns(read.flatMap(({ sources }) => sources));
  warnAll(problems);
  const trainings = read.flatMap((one) => one.trainings);
  if (all.length === 0 && trainings.length === 0)
    throw usageError(
      problems.length > 0
        ? `${options.folders.join(", ")} holds no case that can be read`
        : `${options.folders.join(", ")} holds no case yet; run bench first`,
    );
  for (const note of notes) warn(note);
  const rows = all.length === 0 ? [] : chosen(all, options);
  mustTakeFiles(options.out);
  const made =
    options.style === "paper"
      ? await onPaper(options, run, rows)
      : await onScreen(options, run, rows, trainings);
  const incomplete = made.incomplete || read.some(({ unreadable }) => unreadable > 0);
  const ofCases = rows.length === 0 ? [] : [table(rows, { width, color }), findings(rows)];
  const words = [...ofCases, claimsLines(rows, width), learntLines(trainings)];
  const said = words.filter((part) => part.length > 0);
  const lines = options.style === "paper" ? [] : said.flatMap((part, i) => (i > 0 ? ["", ...part] : part));
  return { lines, files: made.files, incomplete, markdown: () => runMarkdown(run, rows) };
}

/** @throws Stop */
function mustTakeFiles(out: string): void {
  try {
    makeFolder(out);
  } catch (error) {
    throw usageError(`cannot write into ${out}: ${reasonOf(error)}; choose another folder with --out`);
  }
}

type Files = Pick<Written, "files" | "incomplete">;

async function onScreen(
  { out, look }: ReportOptions,
  run: RunRecord,
  rows: readonly Row[],
  trainings: readonly TrainingRow[],
): Promise<Files> {
  let undrawn = 0;
  const problem = (sentence: string, isFailure: boolean) => {
    if (isFailure) undrawn++;
    warn(sentence);
  };
  const csv = rows.length > 0 ? [writeInto(out, "results.csv", toCsv(rows))] : [];
  return {
    files: [...csv, ...(await publish(run, rows, out, problem, { ...look, trainings }))],
    incomplete: undrawn > 0,
  };
}

async function onPaper(options: ReportOptions, run: RunRecord, rows: readonly Row[]): Promise<Files> {
  const { out, widthPt, fontPt, folders } = options;
  const { dark, palette, ...look } = options.look;
  const theme = { ...(dark ? DARK : LIGHT), ...(palette ? { palette } : {}) };
  const files = await publishPaper(run, rows, out, { ...look, widthPt, fontPt, theme });
  if (files.length === 0)
    throw usageError(`${folders.join(", ")} has nothing to draw: no case was measured; run bench first`);
  return { files, incomplete: false };
}

/** @throws Stop when a named suite is not there, or no case fits */
function chosen(rows: readonly Row[], { suites, filter = "" }: ReportOptions): readonly Row[] {
  const fits = parseFilter(filter);
  const known = new Set(rows.map(({ suite }) => suite));
  for (const suite of suites)
    if (!known.has(suite))
      throw usageError(`no case is of suite ${suite}; there are ${[...known].slice(0, 20).join(", ")}`);
  const found = rows.filter(({ suite, id }) => (suites.length === 0 || suites.includes(suite)) && fits(id));
  if (found.length === 0)
    throw usageError(`no case has all of --filter "${filter}"; ${fits.unmatched().join("; ")}`);
  return found;
}
