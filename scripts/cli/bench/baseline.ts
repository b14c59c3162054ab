/** Named runs: `--save NAME` keeps this one, `--against NAME` holds it against an earlier one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, compareSides } from "../../../reports/analysis/compare/compare.js";
import { compareSentences, compareTable } from "../../../reports/compare/words.js";
import { makeFolder, writeInto } from "../../../reports/rows/folder.js";
import { readSources, type Source } from "../../../reports/rows/merge.js";
import { RESULTS } from "../../../reports/rows/store.js";
import { usageError } from "../exit.js";
import { sideRun } from "../report/compare.js";
import { kept, shown } from "../words.js";

/** A file's name on every system. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function folderOf(name: string): string {
  return join(kept("baselines"), name);
}

/** Before anything is measured. @throws Stop */
export function mustBeFree(name: string): void {
  if (!NAME.test(name))
    throw usageError(`--save needs a name of letters, digits, dots and dashes, e.g. before, got "${name}"`);
  const folder = folderOf(name);
  if (existsSync(folder))
    throw usageError(`there is a baseline ${name} already: choose another name, or remove ${shown(folder)}`);
}

/** Before anything is measured. @throws Stop where there is none */
export function readBaseline(name: string): readonly Source[] {
  const folder = folderOf(name);
  if (NAME.test(name) && existsSync(join(folder, RESULTS))) return readSources(folder).sources;
  const names = existsSync(kept("baselines"))
    ? readdirSync(kept("baselines")).filter((one) => existsSync(join(folderOf(one), RESULTS)))
    : [];
  const known = names.length === 0 ? "there is none yet" : `there are ${names.join(", ")}`;
  throw usageError(
    `there is no baseline ${name}: ${known}; --save ${NAME.test(name) ? name : "NAME"} keeps a run as one`,
  );
}

/** Results and their CSV: what everything else is drawn from. @returns the files */
export function saveBaseline(name: string, folder: string): string[] {
  const to = folderOf(name);
  makeFolder(to);
  return [RESULTS, "results.csv"].map((file) => writeInto(to, file, readFileSync(join(folder, file))));
}

/** A run that has ended beside a baseline. */
export function holdAgainst(baseline: readonly Source[], folder: string): Comparison {
  const after = readSources(folder).sources;
  return compareSides({ before: baseline.map(sideRun), after: after.map(sideRun) });
}

/** The table with its ratios, and what they say in a sentence. */
export function againstLines(name: string, comparison: Comparison, width: number): string[] {
  const sentence = `Against ${name}: ${compareSentences(comparison).join(" ")}`;
  return [...compareTable(comparison, width), sentence];
}
