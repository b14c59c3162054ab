/** The flags of `report`. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { PALETTES, type PaletteName } from "../../../reports/charts/palettes.js";
import { isObject, type JsonObject } from "../../../reports/charts/spec/merge.js";
import { reasonOf } from "../../../reports/rows/errors.js";
import { RESULTS, resultsFile } from "../../../reports/rows/store.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { usageError } from "../exit.js";
import { parseFlags } from "../parse-flags.js";
import { defaultFolder } from "../words.js";
import { inPoints } from "./length.js";

export interface Look {
  readonly pdf: boolean;
  readonly dark: boolean;
  readonly palette?: PaletteName;
  readonly curves: readonly string[];
  readonly title?: string;
  readonly spec?: JsonObject;
}

export interface ReportOptions {
  readonly folders: readonly string[];
  /** All where there is none. */
  readonly suites: readonly string[];
  readonly out: string;
  readonly color: boolean;
  readonly compare: boolean;
  readonly history: boolean;
  /** As of bench; undefined for all cases. */
  readonly filter: string | undefined;
  /** A file for tables in Markdown. */
  readonly markdown: string | undefined;
  readonly style: "screen" | "paper";
  readonly widthPt: number;
  readonly fontPt: number;
  readonly look: Look;
}

interface Flags {
  readonly suite: readonly string[];
  readonly out?: string;
  readonly color: boolean;
  readonly style: "screen" | "paper";
  readonly width?: string;
  readonly fontSize?: string;
  readonly pdf?: true;
  readonly dark?: true;
  readonly palette?: PaletteName;
  readonly curves: readonly string[];
  readonly title?: string;
  readonly spec?: string;
  readonly compare?: true;
  readonly history?: true;
  readonly filter?: string;
  readonly markdown?: string;
}

const NEXT = "type npm run report -- DIR, a folder that bench has written, or see npm run report -- --help";
/** One column of a two-column paper. */
const COLUMN = "3.3in";
const PAGE_PT = { least: 144, most: 1440 };
const FONT_PT = { least: 4, most: 24 };

/** Undefined when help was printed. @throws Stop */
export function parseReportOptions(argv: readonly string[]): ReportOptions | undefined {
  const command = flags();
  if (!parseFlags(command, argv, () => NEXT)) return undefined;
  const given = command.opts<Flags>();
  const { color, style, compare = false, history = false, filter, markdown } = given;
  if (compare && history)
    throw usageError("--compare draws two sides, --history many runs: choose one of them");
  if (
    (compare || history) &&
    (style === "paper" || given.curves.length > 0 || given.title !== undefined || given.spec !== undefined)
  )
    throw usageError(
      `${compare ? "--compare" : "--history"} draws its own chart: leave out --style, --curves, --title and --spec`,
    );
  for (const [flag, value] of [
    ["--width", given.width],
    ["--font-size", given.fontSize],
  ])
    if (value !== undefined && style !== "paper")
      throw usageError(`${flag} is of figures for print: add --style paper`);
  const widthPt = width(given.width ?? COLUMN);
  const folders = compare ? command.args : unique(command.args);
  const own = compare ? "compare" : history ? "history" : undefined;
  const out = outFolder(folders, given.out, own);
  return {
    ...{ folders, suites: given.suite, out, color, style, compare, history, filter, markdown, widthPt },
    fontPt: fontSize(given.fontSize, widthPt),
    look: {
      pdf: given.pdf === true,
      dark: given.dark === true,
      curves: given.curves,
      ...(given.palette === undefined ? {} : { palette: given.palette }),
      ...(given.title === undefined ? {} : { title: given.title }),
      ...(given.spec === undefined ? {} : { spec: fragment(given.spec) }),
    },
  };
}

function flags(): Command {
  const words = (value: string, before: readonly string[]) => [
    ...before,
    ...value
      .split(",")
      .map((word) => word.trim())
      .filter(Boolean),
  ];
  return new Command("report")
    .description(
      "Makes tables, charts and report.html again from the results.jsonl of each folder, merged; " +
        "or figures for print; or compares two runs; or draws many over their commits.",
    )
    .argument(
      "<dir...>",
      "folders that bench has written, or results.jsonl files that a page has offered; with --compare, BEFORE and AFTER",
    )
    .option(
      "--suite <name>",
      "only this suite (repeat for more)",
      (name, before: string[]) => [...before, name],
      [],
    )
    .option("--filter <expr>", "only cases whose id has all of these words, as of bench", filterWords)
    .option("--out <dir>", "where to write; by default the folder itself, for several a new one")
    .addOption(
      new Option("--style <style>", "paper: Figure 10 at print size, as SVG, PDF and PNG, and nothing else")
        .choices(["screen", "paper"])
        .default("screen"),
    )
    .option("--width <length>", `width of a paper figure, e.g. 3.3in, 6.75in, 84mm (default ${COLUMN})`)
    .option("--font-size <points>", "text of a paper figure in points (default 7 for one column, 8 above)")
    .option("--pdf", "a PDF beside every chart; a paper figure always has one")
    .option(
      "--curves <names>",
      "only these: ssd, scan, attention ..., or parts of case ids; repeat it or use commas",
      words,
      [],
    )
    .option("--title <text>", "over the figure; an empty one for none")
    .addOption(new Option("--palette <name>", "colours of the curves").choices(Object.keys(PALETTES)))
    .option("--dark", "on a dark page")
    .option("--spec <file>", "a Vega-Lite fragment (JSON) to merge into each chart")
    .option(
      "--compare",
      "BEFORE against AFTER, each a run or a folder of runs; or as many runs before as after",
    )
    .option("--history", "each case over the commits of all runs, or folders of runs, that are named")
    .option("--markdown <file>", "the tables in Markdown as well")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

/** Told before anything is read. */
function filterWords(value: string, earlier: string | undefined): string {
  try {
    parseFilter(value);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return [...(earlier === undefined ? [] : [earlier]), value].join(" ");
}

function unique(folders: readonly string[]): string[] {
  return [...new Map(folders.map((folder) => [resolve(folder), folder])).values()];
}

/** @param own what is made of the runs that is no run itself */
function outFolder(folders: readonly string[], out: string | undefined, own: string | undefined): string {
  const isOne = folders.some((folder) => out !== undefined && resolve(folder) === resolve(out));
  if (out !== undefined && (!isOne || own) && existsSync(join(out, RESULTS)))
    throw usageError(
      `${out} holds the results of ${isOne ? "a" : "another"} run; choose another folder with --out`,
    );
  if (out !== undefined) return out;
  const stamp = defaultFolder(new Date().toISOString());
  if (own) return `${stamp}-${own}`;
  return folders.length === 1 ? ownFolder(folders[0]) : `${stamp}-merged`;
}

/** The folder itself; for a file one beside it of its name. */
function ownFolder(given: string): string {
  const file = resultsFile(given);
  return file === given ? file.replace(/\.jsonl$/, "") : given;
}

function width(text: string): number {
  const points = inPoints(text);
  if (points === undefined || points < PAGE_PT.least || points > PAGE_PT.most)
    throw usageError(`--width must be a length from 2in to 20in, e.g. 3.3in, 84mm or 237.6pt, got "${text}"`);
  return points;
}

function fontSize(text: string | undefined, widthPt: number): number {
  if (text === undefined) return widthPt < 324 ? 7 : 8;
  const points = Number(text.replace(/pt$/, ""));
  if (!(points >= FONT_PT.least && points <= FONT_PT.most))
    throw usageError(`--font-size must be from 4 to 24 points, e.g. 8, got "${text}"`);
  return points;
}

function fragment(file: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw usageError(`cannot read ${file}: ${reasonOf(error)}; --spec takes a JSON file`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(`${file} is not JSON: ${(error as Error).message}; --spec takes a Vega-Lite fragment`);
  }
  if (!isObject(value))
    throw usageError(
      `${file} holds no object; --spec takes a fragment such as {"config": {"axis": {"grid": false}}}`,
    );
  return value;
}
