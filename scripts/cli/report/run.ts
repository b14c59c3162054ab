/** `report`: reads run folders, merges them, writes everything but the results themselves. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { findings } from "../../../reports/analysis/findings.js";
import { publish } from "../../../reports/publish.js";
import { toCsv } from "../../../reports/rows/csv.js";
import { reasonOf, StoreError } from "../../../reports/rows/errors.js";
import { machineKind } from "../../../reports/rows/machine.js";
import { MergeError, mergeRuns, type Source } from "../../../reports/rows/merge.js";
import { RESULTS, readRun } from "../../../reports/rows/store.js";
import { table } from "../../../reports/table.js";
import { EXIT, usageError } from "../exit.js";
import { parseFlags } from "../parse-flags.js";
import { defaultFolder, shown } from "../words.js";

interface ReportOptions {
  readonly folders: readonly string[];
  readonly out: string;
  readonly color: boolean;
}

/** @returns the exit code. @throws Stop */
export async function report(argv: readonly string[]): Promise<number> {
  const options = parse(argv);
  if (!options) return EXIT.good;
  const merged = merge(options.folders.map(readSource));
  if (merged.rows.length === 0)
    throw usageError(`${options.folders.join(", ")} holds no case yet; run bench first`);
  for (const note of merged.notes) process.stderr.write(`dualbench: ${note}\n`);
  const csv = join(options.out, "results.csv");
  let files: string[];
  try {
    mkdirSync(options.out, { recursive: true });
    writeFileSync(csv, toCsv(merged.rows));
    files = [csv, ...(await publish(merged.run, merged.rows, options.out))];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw usageError(
      `cannot write into ${options.out}: ${reasonOf(error)}; choose another folder with --out`,
    );
  }
  const { columns = 80, isTTY } = process.stdout;
  const color = options.color && isTTY === true && !process.env.NO_COLOR;
  const lines = [
    ...table(merged.rows, { width: isTTY ? columns : 120, color }),
    "",
    ...findings(merged.rows),
    "",
    ...files.map(shown),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return EXIT.good;
}

function parse(argv: readonly string[]): ReportOptions | undefined {
  const command = new Command("report")
    .description("Makes tables, charts and report.html again from the results.jsonl of each folder, merged.")
    .argument("<dir...>", "folders that bench has written")
    .option("--out <dir>", "where to write; by default the folder itself, for several a new one")
    .option("--no-color", "no colour")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  if (!parseFlags(command, argv, () => "type npm run report -- DIR, a folder that bench has written"))
    return undefined;
  const folders = [...new Map(command.args.map((folder) => [resolve(folder), folder])).values()];
  const { out, color } = command.opts<{ out?: string; color: boolean }>();
  const own = folders.some((folder) => out !== undefined && resolve(folder) === resolve(out));
  if (out !== undefined && !own && existsSync(join(out, RESULTS)))
    throw usageError(`${out} holds the results of another run; choose another folder with --out`);
  const fallback = () => `${defaultFolder(new Date().toISOString())}-merged`;
  return { folders, out: out ?? (folders.length === 1 ? folders[0] : fallback()), color };
}

function readSource(folder: string): Source {
  try {
    const { run, cases } = readRun(folder);
    return { folder, run, rows: cases.map(({ row }) => row), machine: machineKind(run.environment) };
  } catch (error) {
    throw error instanceof StoreError ? usageError(error.message) : error;
  }
}

function merge(sources: readonly Source[]) {
  try {
    return mergeRuns(sources);
  } catch (error) {
    throw error instanceof MergeError ? usageError(error.message) : error;
  }
}
