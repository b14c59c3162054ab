/** `report`: reads run folders, merges them, writes everything but the results themselves. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { findings } from "../../../reports/analysis/findings.js";
import { publish } from "../../../reports/publish.js";
import { toCsv } from "../../../reports/rows/csv.js";
import { reasonOf, StoreError } from "../../../reports/rows/errors.js";
import { makeFolder, writeInto } from "../../../reports/rows/folder.js";
import { mergeRuns, type ReadSources, readSources } from "../../../reports/rows/merge.js";
import type { Row, RunRecord } from "../../../reports/rows/row.js";
import { RESULTS, resultsFile } from "../../../reports/rows/store.js";
import { table } from "../../../reports/table.js";
import { EXIT, usageError, warn, warnAll } from "../exit.js";
import { parseFlags } from "../parse-flags.js";
import { defaultFolder, shown } from "../words.js";

interface ReportOptions {
  readonly folders: readonly string[];
  readonly suites: readonly string[];
  readonly out: string;
  readonly color: boolean;
}

/** @returns the exit code. @throws Stop */
export async function report(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (!options) return EXIT.good;
  const read = options.folders.map(readFolder);
  const problems = read.flatMap(({ faults }) => faults);
  const merged = mergeRuns(read.flatMap(({ sources }) => sources));
  warnAll(problems);
  if (merged.rows.length === 0)
    throw usageError(
      problems.length > 0
        ? `${options.folders.join(", ")} holds no case that can be read`
        : `${options.folders.join(", ")} holds no case yet; run bench first`,
    );
  for (const note of merged.notes) warn(note);
  const wanted = chosen(merged.rows, options.suites);
  const { files, undrawn } = await write(merged.run, wanted, options.out);
  const { columns = 80, isTTY } = process.stdout;
  const color = options.color && isTTY === true && !process.env.NO_COLOR;
  const lines = [
    ...table(wanted, { width: isTTY ? columns : 120, color }),
    "",
    ...findings(wanted),
    "",
    ...files.map(shown),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return undrawn > 0 || read.some(({ unreadable }) => unreadable > 0) ? EXIT.usage : EXIT.good;
}

/** Everything but the results themselves. @throws Stop when the folder cannot be written into */
async function write(
  run: RunRecord,
  rows: readonly Row[],
  out: string,
): Promise<{ files: readonly string[]; undrawn: number }> {
  try {
    makeFolder(out);
  } catch (error) {
    throw usageError(`cannot write into ${out}: ${reasonOf(error)}; choose another folder with --out`);
  }
  let undrawn = 0;
  const problem = (sentence: string, isFailure: boolean) => {
    if (isFailure) undrawn++;
    warn(sentence);
  };
  try {
    const csv = writeInto(out, "results.csv", toCsv(rows));
    return { files: [csv, ...(await publish(run, rows, out, problem))], undrawn };
  } catch (error) {
    throw error instanceof StoreError ? usageError(error.message) : error;
  }
}

/** @throws Stop when a named suite is not there */
function chosen(rows: readonly Row[], suites: readonly string[]): readonly Row[] {
  if (suites.length === 0) return rows;
  const known = new Set(rows.map(({ suite }) => suite));
  for (const suite of suites)
    if (!known.has(suite))
      throw usageError(`no case is of suite ${suite}; there are ${[...known].slice(0, 20).join(", ")}`);
  return rows.filter(({ suite }) => suites.includes(suite));
}

function parse(argv: readonly string[]): ReportOptions | undefined {
  const command = new Command("report")
    .description("Makes tables, charts and report.html again from the results.jsonl of each folder, merged.")
    .argument("<dir...>", "folders that bench has written, or results.jsonl files that a page has offered")
    .option("--suite <name>", "only this suite (repeat for more)", (name, earlier: string[] = []) => [
      ...earlier,
      name,
    ])
    .option("--out <dir>", "where to write; by default the folder itself, for several a new one")
    .option("--no-color", "no colour")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  if (!parseFlags(command, argv, () => "type npm run report -- DIR, a folder that bench has written"))
    return undefined;
  const folders = [...new Map(command.args.map((folder) => [resolve(folder), folder])).values()];
  const { out, color, suite = [] } = command.opts<{ out?: string; color: boolean; suite?: string[] }>();
  const own = folders.some((folder) => out !== undefined && resolve(folder) === resolve(out));
  if (out !== undefined && !own && existsSync(join(out, RESULTS)))
    throw usageError(`${out} holds the results of another run; choose another folder with --out`);
  const fallback = () => `${defaultFolder(new Date().toISOString())}-merged`;
  const standard = folders.length === 1 ? ownFolder(folders[0]) : fallback();
  return { folders, suites: suite, out: out ?? standard, color };
}

/** The folder itself; for a file one beside it of its name. */
function ownFolder(given: string): string {
  const file = resultsFile(given);
  return file === given ? file.replace(/\.jsonl$/, "") : given;
}

function readFolder(folder: string): ReadSources {
  try {
    return readSources(folder);
  } catch (error) {
    throw error instanceof StoreError ? usageError(error.message) : error;
  }
}
