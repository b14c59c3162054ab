/** `report --compare`: two sides of runs, whatever it finds with exit code 0. */
import { compareSides } from "../../../reports/analysis/compare/compare.js";
import { compareSentences, compareTable } from "../../../reports/compare/words.js";
import { publishComparison } from "../../../reports/publish/compare.js";
import { MergeError, mergeRuns, type Source } from "../../../reports/rows/merge.js";
import type { Row, RunRecord } from "../../../reports/rows/row.js";
import { usageError } from "../exit.js";
import type { ReportOptions } from "./options.js";
import { readSides } from "./sources.js";

/** Lines for stdout and the files written. @throws Stop */
export async function compareRuns(
  { folders, out, look: { pdf, dark } }: ReportOptions,
  width: number,
): Promise<{ lines: string[]; files: string[] }> {
  const sides = readSides(folders);
  if ([...sides.before, ...sides.after].every(({ rows }) => rows.length === 0))
    throw usageError(`${folders.join(", ")} hold no case yet; run bench first`);
  const comparison = compareSides(sides);
  const names = [sideWords("Before", sides.before), sideWords("After", sides.after)];
  const after = merged(sides.after);
  const files = await publishComparison(out, { comparison, sides: names, ...after, pdf, dark });
  const lines = [...compareTable(comparison, width), ...names, ...compareSentences(comparison)];
  return { lines, files };
}

function sideWords(name: string, sources: readonly Source[]): string {
  const commits = [...new Set(sources.flatMap(({ rows }) => rows.map(({ commit }) => commit.slice(0, 12))))];
  const of = commits.length === 0 ? "no case" : `commit ${commits.join(", ")}`;
  return `${name}: ${sources.map(({ folder }) => folder).join(", ")} (${of}).`;
}

/** The page shows one run's cases; of several machines, those of the first. */
function merged(sources: readonly Source[]): { run: RunRecord; rows: readonly Row[] } {
  try {
    return mergeRuns(sources);
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    const { run, rows } = sources[0];
    return { run, rows };
  }
}
