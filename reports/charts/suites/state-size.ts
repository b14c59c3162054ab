/** Figure 10, right: time over state size at one length, both axes linear, attention a level line because it has no state. */
import type { Curve } from "../../analysis/curves.js";
import { formatSize } from "../../format.js";
import { linearAxis, linearSizeAxis } from "../scale.js";
import { type Look, timeChart } from "../time-chart.js";

/** What is this many times above SSD and the Mamba-1 scan leaves the panel at the top, its time named there. */
const OFF_SCALE = 3;

export const STATE_LOOK: Look = {
  xKey: "state",
  title: "Time over state size",
  xTitle: "State size N",
  x: linearSizeAxis,
  y: (curves) => linearAxis(heights(curves)),
  fixed: ({ length }) => (length === undefined ? undefined : `length ${formatSize(length)}`),
};

export const stateSizeChart = timeChart(STATE_LOOK);

function heights(curves: readonly Curve[]): number[] {
  const tops = (some: readonly Curve[]) => some.flatMap(({ points }) => points.map(({ highNs }) => highNs));
  const compared = tops(curves.filter(({ family }) => family.key === "ssd" || family.key === "scan"));
  const limit = compared.length === 0 ? Number.POSITIVE_INFINITY : OFF_SCALE * Math.max(...compared);
  return curves.flatMap((curve) => {
    const own = tops([curve]);
    return own.some((top) => top > limit) ? [] : own;
  });
}
