/** Figure 10, left: time over sequence length, both axes logarithmic. */
import { logAxis, sizeAxis } from "../scale.js";
import { type Look, timeChart } from "../time-chart.js";

export const LENGTH_LOOK: Look = {
  xKey: "length",
  title: "Time over sequence length",
  xTitle: "Sequence length (K = 1024)",
  x: sizeAxis,
  y: (curves) =>
    logAxis(curves.flatMap(({ points }) => points.flatMap((point) => [point.lowNs, point.highNs]))),
  fixed: ({ state }) => (state === undefined ? undefined : `N = ${state}`),
};

export const sequenceLengthChart = timeChart(LENGTH_LOOK);
