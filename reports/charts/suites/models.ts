/** Time of one layer of public models, by their width: one curve a kernel through the models that differ in nothing else. */
import { formatSize } from "../../format.js";
import type { Row } from "../../rows/row.js";
import { type Axis, logAxis, sizeAxis } from "../scale.js";
import { timeChart } from "../time-chart.js";

export const modelsChart = timeChart({
  xKey: "heads",
  title: "Time of one layer of public models",
  xTitle: "Model, placed by its heads",
  x: namedAxis,
  y: (curves) =>
    logAxis(curves.flatMap(({ points }) => points.flatMap(({ lowNs, highNs }) => [lowNs, highNs]))),
  fixed: ({ length, batch, state }) =>
    [
      batch === undefined ? [] : `batch ${batch}`,
      length === undefined ? [] : `length ${formatSize(length)}`,
      state === undefined ? [] : `N = ${state}`,
    ]
      .flat()
      .join(" · "),
});

/** Heads, by whose they are. */
function namedAxis(sizes: readonly number[], rows: readonly Row[] = []): Axis {
  const names = new Map(rows.map(({ heads, workload }) => [heads, workload]));
  return { ...sizeAxis(sizes), name: (heads) => names.get(heads) ?? formatSize(heads) };
}
