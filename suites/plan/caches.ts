/** What the last-level cache holds when a sample begins: `cache=warm` its own last run, `cache=cold` nothing of use. */
import type { Grid } from "../suite.js";

export type Cache = "warm" | "cold";

/** Cold samples are for the paper's own comparison: elsewhere they would double the run. */
const CACHES: Readonly<Record<Grid, readonly Cache[]>> = {
  quick: ["warm"],
  default: ["warm"],
  paper: ["warm", "cold"],
};

/** The caches that a grid asks for; undefined, and no word in the id, where the engine has no say in it. */
export function cachesOf(grid: Grid, cools = false): readonly (Cache | undefined)[] {
  return cools ? CACHES[grid] : [undefined];
}
