/** Time against measured error, a point an implementation: f16, bf16, TF32 and f32 make different promises. */
import type { TopLevelSpec } from "vega-lite";
import { type AccuracyGroup, accuracyGroups } from "../../analysis/accuracy.js";
import { formatDuration, formatMilliseconds, formatSize, shorten } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import { powerOfTen } from "../power-of-ten.js";
import { decadeAxis, logAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";
import { type ScatterPoint, scatter } from "./scatter.js";

const WIDTH = 690;
/** What a panel has room for beside a point. */
const LONGEST_NAME = 38;
/** Operators on devices beyond these are in the table. */
const MOST_PANELS = 4;

/** Undefined where nothing was measured. */
export function accuracyChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const groups = accuracyGroups(rows)
    .toSorted((a, b) => b.points.length - a.points.length)
    .slice(0, MOST_PANELS);
  if (groups.length === 0) return undefined;
  const families = [...new Set(groups.flatMap(({ points }) => points.map(({ family }) => family)))];
  const how =
    "Each point is one implementation in one dtype at one size: median time against the worst error that was measured beside float64, " +
    "relative to the element's scale. Further left is closer, lower is faster. " +
    "Named first: those that no other beats in both; the table has all.";
  const panels = groups.map((group) => panelOf(group, families, theme));
  const pairs = [panels.slice(0, 2), panels.slice(2)].filter((row) => row.length > 0);
  return figure(
    pairs.map((hconcat) => ({ spacing: 24, hconcat })),
    [how, origin(run, rows)],
    WIDTH,
    theme,
  );
}

function panelOf(
  { operator, device, length, about, points }: AccuracyGroup,
  families: readonly string[],
  theme: Theme,
) {
  const drawn = points.map(
    ({ row, family, name, error, isBest }): ScatterPoint => ({
      family,
      label: shorten(name, LONGEST_NAME),
      said: `${name}: ${formatDuration(row.medianNs)}, error ${error.toExponential(1)}`,
      case: row.id,
      x: error,
      y: row.medianNs,
      more: {
        dtype: row.dtype,
        accumulation: row.fairness?.accumulation ?? "",
        error_bound: row.boundU * 2 ** -24,
        best_of_its_error: String(isBest),
        ci95_low_ns: row.ci95LowNs,
        ci95_high_ns: row.ci95HighNs,
      },
    }),
  );
  const x = decadeAxis(drawn.map((point) => point.x));
  const y = logAxis(drawn.map((point) => point.y));
  return scatter(drawn, [], {
    width: 290,
    height: 220,
    title: `Speed at equal accuracy: ${operator.replaceAll("_", " ")}`,
    subtitle: [shorten(device, 40), `${formatSize(length)} tokens · ${about}`],
    x: { ...x, field: "error", title: "Worst measured error, relative to scale", tick: powerOfTen },
    y: { ...y, field: "ns", title: "Time (ms)", tick: formatMilliseconds },
    families,
    theme,
  });
}
