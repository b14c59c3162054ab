/** How samples of a case lie about their median: the largest case of each curve, all on one axis. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Group, groupsOf, measuredOf } from "../../analysis/curves.js";
import { groupBy, xKeyOf } from "../../analysis/series.js";
import { formatDuration, formatRatio, formatSize } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { caption } from "../caption.js";
import { figure } from "../figure.js";
import { ratioAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";
import { familiesOf } from "../time-chart.js";
import { groupWords, MOST_PANELS, WIDTH } from "./panels.js";
import { type StripRow, strip } from "./strip.js";

/** Undefined where nothing was measured. */
export function spreadChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const groups = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, members]) =>
    groupsOf(members, xKeyOf(suite, members)).flatMap((group) => {
      const spreads = spreadsOf(group);
      return spreads.length === 0 ? [] : [{ group, spreads }];
    }),
  );
  if (groups.length === 0) return undefined;
  const shown = groups.slice(0, MOST_PANELS);
  const families = familiesOf(shown.map(({ group }) => group));
  const how =
    "Samples of the largest measured case of each curve over their median. Box: from the lower to the upper quartile, half of all " +
    "samples; bar: to the least one. Raw samples are in results.jsonl.";
  const [, ...setting] = caption(
    run,
    rows,
    shown.map(({ group }) => group),
  );
  const panels = shown.map(({ group, spreads }) =>
    strip(spreads, {
      ...{ width: WIDTH, title: "Distribution of samples", subtitle: [groupWords(group)] },
      ...{ xTitle: "Time / median", field: "time_over_median", tick: formatRatio },
      x: ratioAxis(spreads.flatMap(({ low, high, box = [1, 1] }) => [low, high, ...box])),
      ...{ rules: [1], families, theme },
    }),
  );
  return figure(panels, [how, ...setting], WIDTH, theme);
}

function spreadsOf(group: Group): StripRow[] {
  return bestCurves(group).flatMap((curve) => {
    const last = measuredOf(curve).at(-1);
    if (last?.row.status !== "measured") return [];
    const { id, medianNs, minNs, p25Ns, p75Ns, samples } = last.row;
    if (!(minNs > 0)) return [];
    const size = last.x === undefined ? "" : ` at ${formatSize(last.x)}`;
    const quarters = [p25Ns, p75Ns].map(formatDuration).join(" to ");
    return [
      {
        ...{ name: `${curve.family.name}${size}, ${samples} samples`, family: curve.family.key, value: 1 },
        ...{ low: minNs / medianNs, high: p75Ns / medianNs },
        box: [p25Ns / medianNs, p75Ns / medianNs] as const,
        said: `${curve.family.name}${size}: median ${formatDuration(medianNs)}, half of ${samples} samples from ${quarters}`,
        case: id,
      },
    ];
  });
}
