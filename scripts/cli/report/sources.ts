/** Run folders as the reports take them. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../../../reports/rows/errors.js";
import { type ReadSources, readSources, type Source } from "../../../reports/rows/merge.js";
import { RESULTS } from "../../../reports/rows/store.js";
import { usageError } from "../exit.js";

/** @throws Stop */
export function readFolder(folder: string): ReadSources {
  try {
    return readSources(folder);
  } catch (error) {
    throw error instanceof StoreError ? usageError(error.message) : error;
  }
}

export interface ReadSides {
  readonly before: readonly Source[];
  readonly after: readonly Source[];
  readonly faults: readonly string[];
  readonly unreadable: number;
}

/**
 * Two arguments are the two sides, each a run or a folder of runs. More are runs, the first half before and the second half after.
 * @throws Stop
 */
export function readSides(folders: readonly string[]): ReadSides {
  if (folders.length < 2 || folders.length % 2 === 1)
    throw usageError(
      `--compare takes BEFORE and AFTER, each a run or a folder of runs, or as many runs before as after; got ${folders.length}`,
    );
  const half = folders.length / 2;
  const read = [folders.slice(0, half), folders.slice(half)].map((side) =>
    side.flatMap(runsIn).map(readFolder),
  );
  const [before, after] = read.map((side) => side.flatMap(({ sources }) => sources));
  if (folders.length > 2) refuseMixture(before, after);
  return {
    before,
    after,
    faults: read.flat().flatMap(({ faults }) => faults),
    unreadable: read.flat().reduce((sum, { unreadable }) => sum + unreadable, 0),
  };
}

/** The folder itself, or the runs in it, in the order of their names. */
export function runsIn(folder: string): string[] {
  if (existsSync(join(folder, RESULTS))) return [folder];
  let names: string[] = [];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, RESULTS)))
      .map(({ name }) => name);
  } catch {
    // the sentence of a folder that is no run says what to do
  }
  return names.length === 0 ? [folder] : names.sort().map((name) => join(folder, name));
}

/** Halves that share a commit while each holds several were not meant. */
function refuseMixture(before: readonly Source[], after: readonly Source[]): void {
  const [first, second] = [before, after].map(
    (side) => new Set(side.flatMap(({ rows }) => rows.map(({ commit }) => commit))),
  );
  const shared = [...first].find((commit) => second.has(commit));
  if (shared !== undefined && first.size + second.size > 2)
    throw usageError(
      `the first half of the folders and the second both hold runs of commit ${shared.slice(0, 12)} and runs of others; ` +
        "put the runs of each side into a folder and give the two",
    );
}
