/** The groups of curves that the sections of the page go through. */
import { type Group, groupsOf } from "../analysis/curves.js";
import { groupBy, xKeyOf } from "../analysis/series.js";
import type { Row } from "../rows/row.js";

export function groupsOfSuites(rows: readonly Row[]): { readonly suite: string; readonly group: Group }[] {
  return [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).map((group) => ({ suite, group })),
  );
}
