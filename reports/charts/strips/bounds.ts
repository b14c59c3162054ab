/** How near to its bound each implementation came: the worst error of each of its cases over the bound that it was held to. */
import type { TopLevelSpec } from "vega-lite";
import { familyOf } from "../../analysis/families.js";
import { implementationLabel } from "../../analysis/names.js";
import { groupBy } from "../../analysis/series.js";
import { formatNumber, plural, shorten } from "../../format.js";
import type { Measured, Rejected, Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import { powerOfTen } from "../power-of-ten.js";
import { decadeAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";
import { MOST_ROWS, WIDTH } from "./panels.js";
import { type StripRow, strip } from "./strip.js";

const LONGEST_NAME = 60;
/** An exact output has no place on a logarithmic axis: it stands here, and its words say so. */
const LEAST = 1e-4;

/** Undefined where no case was held to a bound. */
export function boundsChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const held = rows.filter(
    (row): row is Measured | Rejected =>
      (row.status === "measured" || row.status === "rejected") &&
      row.errorU !== undefined &&
      Boolean(row.boundU),
  );
  const all = [
    ...groupBy(held, (row) => `${row.operator}/${implementationLabel(row, undefined)}, ${row.dtype}`),
  ]
    .map(([name, own]) => rowOf(name, own))
    .sort((a, b) => b.value - a.value);
  if (all.length === 0) return undefined;
  const shown = all.slice(0, MOST_ROWS);
  const left = all.length - shown.length;
  const how =
    "A line an implementation and dtype: point, its case with the largest error over its bound; bar, from there to its best case. " +
    "Right of the rule at 1 a case is rejected. Errors against float64, worst element of all that were checked.";
  const panel = strip(shown, {
    ...{ width: WIDTH, title: "Error over bound", field: "error_over_bound", xTitle: "Worst error / bound" },
    subtitle: [
      left > 0
        ? `the ${shown.length} nearest to their bounds; ${left} more in the table`
        : plural(held.length, "case"),
    ],
    x: decadeAxis([1, ...shown.flatMap(({ low, high }) => [low, high])]),
    tick: powerOfTen,
    ...{ rules: [1], families: [...new Set(shown.map(({ family }) => family))], theme },
  });
  return figure([panel], [how, origin(run, rows)], WIDTH, theme);
}

function rowOf(name: string, own: readonly (Measured | Rejected)[]): StripRow {
  const shares = own
    .map((row) => ({ row, share: row.errorU! / row.boundU! }))
    .sort((a, b) => a.share - b.share);
  const [best, worst] = [shares[0], shares.at(-1)!];
  const place = (share: number) => Math.max(LEAST, share);
  const exact = worst.share === 0 ? " (exact)" : "";
  return {
    ...{ name: shorten(name, LONGEST_NAME), family: familyOf(worst.row).key },
    ...{ value: place(worst.share), low: place(best.share), high: place(worst.share) },
    said: `${name}: at most ${formatNumber(worst.share)} of its bound${exact} in ${plural(own.length, "case")}`,
    case: worst.row.id,
  };
}
