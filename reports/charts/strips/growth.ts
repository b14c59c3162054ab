/** Growth exponents of each curve over the axis of each suite: time goes as size to this power. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Group, groupsOf } from "../../analysis/curves.js";
import { growthOf } from "../../analysis/growth.js";
import { groupBy, xKeyOf } from "../../analysis/series.js";
import { formatNumber, formatSize } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { caption } from "../caption.js";
import { figure } from "../figure.js";
import { linearAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";
import { familiesOf } from "../time-chart.js";
import { groupWords, MOST_PANELS, WIDTH } from "./panels.js";
import { type StripRow, strip } from "./strip.js";

/** Wider intervals leave the panel: three sizes that scatter say little. */
const STEEPEST = 3;

/** Undefined where no curve has the three sizes that a slope needs. */
export function growthChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const groups = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).flatMap((group) => {
      const exponents = exponentsOf(group);
      return exponents.length === 0 ? [] : [{ group, exponents }];
    }),
  );
  if (groups.length === 0) return undefined;
  const shown = groups.slice(0, MOST_PANELS);
  const families = familiesOf(shown.map(({ group }) => group));
  const how =
    "Slope of log time over log size at the five largest measured sizes; bars: 95% intervals (Student's t, widened where points " +
    "scatter). Rules: 1 grows in proportion, 2 as the square.";
  const [, ...setting] = caption(
    run,
    rows,
    shown.map(({ group }) => group),
  );
  const panels = shown.map(({ group, exponents }) =>
    strip(exponents, {
      ...{ width: WIDTH, title: `Growth of time with ${group.xKey}`, subtitle: [groupWords(group)] },
      ...{ xTitle: "Exponent", field: "exponent", tick: (value: number) => formatNumber(value) },
      x: linearAxis([2, ...exponents.map(({ value, high }) => Math.min(STEEPEST, Math.max(value, high)))]),
      ...{ rules: [1, 2], families, theme },
    }),
  );
  return figure(panels, [how, ...setting], WIDTH, theme);
}

function exponentsOf(group: Group): StripRow[] {
  return bestCurves(group).flatMap((curve) => {
    const growth = growthOf(curve);
    if (!growth || !(growth.exponent > 0)) return [];
    const { exponent: value, low, high, from, to } = growth;
    const [number, ...ends] = [value, low, high].map((one) => one.toFixed(2));
    return [
      {
        ...{ name: `${curve.family.name}: ${number}`, family: curve.family.key, value, low, high },
        said: `${curve.family.name}: exponent ${number}, ${ends.join(" to ")}, from ${formatSize(from)} to ${formatSize(to)}`,
        case: curve.points.at(-1)!.row.id,
      },
    ];
  });
}
