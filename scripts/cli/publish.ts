/** What a run leaves for people: the CSV, the charts, a table; the last lines name the files. */
import { join, resolve as resolvePath } from "node:path";
import { findings } from "../../reports/analysis/findings.js";
import { claimsLines } from "../../reports/claims.js";
import { toCsv } from "../../reports/rows/csv.js";
import { reasonOf } from "../../reports/rows/errors.js";
import { writeInto } from "../../reports/rows/folder.js";
import type { Source } from "../../reports/rows/merge.js";
import type { CaseRecord, RunRecord } from "../../reports/rows/row.js";
import { RESULTS } from "../../reports/rows/store.js";
import { runMarkdown } from "../../reports/summary.js";
import { summary } from "../../reports/terminal/compact.js";
import { forkBeside } from "../../suites/processes/fork.js";
import { againstLines, holdAgainst } from "./bench/baseline.js";
import { EXIT, usageError, warn } from "./exit.js";
import { writeMarkdown } from "./markdown-file.js";
import { shown } from "./words.js";

/** An earlier run by its name. */
export interface Baseline {
  readonly name: string;
  readonly sources: readonly Source[];
}

export interface PublishOptions {
  readonly json: boolean;
  readonly colour: boolean;
  /** Charts and tables take longer than an interrupted run has. */
  readonly charts: boolean;
  readonly exitCode: number;
  readonly against?: Baseline;
  /** A file for tables in Markdown. */
  readonly markdown?: string | undefined;
}

/** @returns the exit code: what it was given, or 2 where something could not be written */
export async function publishRun(
  records: readonly CaseRecord[],
  run: RunRecord,
  folder: string,
  options: PublishOptions,
): Promise<number> {
  let { exitCode } = options;
  const rows = records.map(({ row }) => row);
  const files = [join(folder, RESULTS), join(folder, "results.csv")];
  try {
    writeInto(folder, "results.csv", toCsv(rows));
  } catch (error) {
    throw usageError(`${reasonOf(error)}; results.jsonl there is whole`);
  }
  if (options.charts) {
    const drawn = await draw(folder);
    files.push(...drawn.files);
    if (drawn.why) {
      exitCode = EXIT.usage;
      warn(
        `not everything could be drawn: ${drawn.why}; the results are whole, npm run report -- ${shown(folder)} draws them again`,
      );
    }
  }
  const { against, markdown } = options;
  if (markdown !== undefined && options.charts) files.push(writeMarkdown(markdown, runMarkdown(run, rows)));
  const comparison = against && options.charts ? holdAgainst(against.sources, folder) : undefined;
  if (options.json) {
    const document = {
      version: 1,
      run,
      rows,
      files: files.map(shown),
      exitCode,
      ...(comparison ? { comparison } : {}),
    };
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return exitCode;
  }
  if (options.charts) {
    const { columns = 80, isTTY } = process.stdout;
    const color = options.colour && isTTY === true && !process.env.NO_COLOR;
    const width = isTTY ? columns : 120;
    const parts = [
      summary(rows, { width, color }),
      findings(rows),
      claimsLines(rows, width),
      against && comparison ? againstLines(against.name, comparison, width) : [],
    ];
    const said = parts.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
    process.stdout.write(`${said.join("\n\n")}\n\n`);
  }
  for (const file of files) process.stdout.write(`${shown(file)}\n`);
  return exitCode;
}

interface Drawn {
  readonly files: readonly string[];
  readonly why?: string;
}

/** Charts and the report of a folder, in a process of its own. */
export function draw(folder: string): Promise<Drawn> {
  return new Promise((resolve) => {
    const child = forkBeside(import.meta.url, "publish-child");
    child.on("message", (drawn: Partial<Drawn>) => resolve({ files: [], ...drawn }));
    child.on("close", (code, signal) => resolve({ files: [], why: signal ?? `exit code ${code}` }));
    child.send(resolvePath(folder));
  });
}
