/** How many times the time of SSD each other curve takes, over the sizes of a suite, with intervals (speedup.ts says how). */
import type { TopLevelSpec } from "vega-lite";
import { type Comparison, comparisons } from "../analysis/comparisons.js";
import { bestCurves, type Group, groupsOf } from "../analysis/curves.js";
import { inequality } from "../analysis/fairness.js";
import { familyOf } from "../analysis/families.js";
import { groupBy, type XKey, xKeyOf } from "../analysis/series.js";
import { fasterFrom, type Ratio } from "../analysis/speedup.js";
import { formatSize } from "../format.js";
import type { Row, RunRecord } from "../rows/row.js";
import { caption } from "./caption.js";
import { figure } from "./figure.js";
import type { Layer } from "./panel/drawn.js";
import { type DrawnCurve, RATIO } from "./panel/drawn.js";
import { withEvenRule } from "./panel/even.js";
import { panel } from "./panel/panel.js";
import { logAxis, sizeAxis } from "./scale.js";
import { LIGHT, type Theme } from "./theme.js";

const WIDTH = 650;

/** Undefined when no group has SSD beside another curve at a common measured size. */
export function speedupChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const families = [...new Set(rows.map((row) => familyOf(row).key))];
  const drawn = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) => {
    const xKey = xKeyOf(suite, members);
    return groupsOf(members, xKey).flatMap((group) => {
      const block = speedupPanel(group, xKey, theme, families);
      return block ? [{ group, block }] : [];
    });
  });
  if (drawn.length === 0) return undefined;
  const how =
    "Median time of each curve divided by the median time of SSD (the chunked form) at the same size; above 1x SSD is faster. " +
    "Bands: 95% intervals of the ratio from those of both medians (MOVER on the log scale); noise within this run only.";
  const [, ...setting] = caption(
    run,
    rows,
    drawn.map(({ group }) => group),
  );
  return figure(
    drawn.map(({ block }) => block),
    [how, ...setting],
    WIDTH,
    theme,
  );
}

function speedupPanel(
  group: Group,
  xKey: XKey,
  theme: Theme,
  families: readonly string[],
): Layer | undefined {
  const compared = comparisons(group);
  if (compared.length === 0) return undefined;
  const ratios = compared.flatMap((comparison) => comparison.ratios);
  const about = [group.device, group.dtype];
  if (group.pass !== undefined) about.push(`${group.pass} pass`);
  if (group.state !== undefined) about.push(`N = ${group.state}`);
  if (group.cache === "cold") about.push("cold cache");
  if (group.length !== undefined) about.push(`length ${formatSize(group.length)}`);
  const layer = panel(compared.map(drawnRatio), {
    width: 460,
    height: 260,
    title: `Speedup of SSD over ${xKey === "length" ? "sequence length" : xKey === "state" ? "state size" : xKey}`,
    subtitle: [about.join(" · "), inequality(bestCurves(group))].filter((line) => line !== undefined),
    xTitle: xKey === "length" ? "Sequence length (K = 1024)" : xKey === "state" ? "State size N" : xKey,
    x: sizeAxis(ratios.map(({ x }) => x)),
    y: logAxis([1, ...ratios.flatMap(({ low, high }) => [low, high])]),
    quantity: RATIO,
    theme,
    families,
    labels: "full",
  });
  return withEvenRule(layer, 460, theme);
}

function drawnRatio({ other, ratios }: Comparison): DrawnCurve {
  return {
    key: other.key,
    family: other.family.key,
    name: other.family.name,
    detail: where(ratios),
    points: ratios.map(({ x, ratio, low, high, one, other }) => {
      return {
        x,
        value: ratio,
        low,
        high,
        measured: true,
        segment: 0,
        joined: true,
        about: `${one.row.id} against ${other.row.id}`,
      };
    }),
  };
}

/** Where the interval is above 1. */
function where(ratios: readonly Ratio[]): string {
  const from = fasterFrom(ratios);
  if (from === ratios[0].x) return "SSD faster at every size";
  if (from !== undefined) return `SSD faster from ${formatSize(from)} on`;
  const slower = ratios.findIndex(({ low }) => low <= 1);
  return slower > 0 ? `SSD faster up to ${formatSize(ratios[slower - 1].x)}` : "SSD not shown to be faster";
}
