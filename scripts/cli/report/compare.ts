/** `report --compare`: two sides of runs, whatever it finds with exit code 0. */
import { compareSides } from "../../../reports/analysis/compare/compare.js";
import type { SideRun } from "../../../reports/analysis/compare/sides.js";
import { compareMarkdown, compareSentences, compareTable } from "../../../reports/compare/words.js";
import { publishComparison } from "../../../reports/publish/compare.js";
import { mergeRuns, type Source } from "../../../reports/rows/merge.js";
import { parseFilter } from "../../../suites/plan/filter.js";
import { usageError, warnAll } from "../exit.js";
import type { ReportOptions } from "./options.js";
import { readSides } from "./sources.js";
import type { Written } from "./written.js";

/** @throws Stop */
export async function compareRuns(options: ReportOptions, width: number): Promise<Written> {
  const { folders, out } = options;
  const { pdf, dark } = options.look;
  const read = readSides(folders);
  warnAll(read.faults);
  const [before, after] = [read.before, read.after].map((side) => side.map((one) => chosenOf(one, options)));
  if ([...before, ...after].every(({ rows }) => rows.length === 0))
    throw usageError(`${folders.join(", ")} hold no case of these suites and words; run bench first`);
  const comparison = compareSides({ before: before.map(sideRun), after: after.map(sideRun) });
  const sides = [sideWords("Before", before), sideWords("After", after)];
  const { run, rows } = mergeRuns(after);
  const files = await publishComparison(out, { comparison, sides, run, rows, pdf, dark });
  const lines = [...compareTable(comparison, width), ...sides, ...compareSentences(comparison)];
  return {
    lines,
    files,
    incomplete: read.unreadable > 0,
    markdown: () => compareMarkdown(comparison, sides),
  };
}

function chosenOf(source: Source, { suites, filter = "" }: ReportOptions): Source {
  const fits = parseFilter(filter);
  const isAsked = (suite: string) => suites.length === 0 || suites.includes(suite);
  return { ...source, rows: source.rows.filter(({ suite, id }) => isAsked(suite) && fits(id)) };
}

/** A run as a side takes it. */
export function sideRun({ folder, run, rows }: Source): SideRun {
  return { folder, environment: run.environment, rows };
}

function sideWords(name: string, sources: readonly Source[]): string {
  const commits = [...new Set(sources.flatMap(({ rows }) => rows.map(({ commit }) => commit.slice(0, 12))))];
  const of = commits.length === 0 ? "no case" : `commit ${commits.join(", ")}`;
  return `${name}: ${sources.map(({ folder }) => folder).join(", ")} (${of}).`;
}
