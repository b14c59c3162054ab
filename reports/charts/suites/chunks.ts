/** Time over chunk length: the search for the fastest, size by size, on each engine. */
import { logAxis, sizeAxis } from "../scale.js";
import { timeChart } from "../time-chart.js";

export const chunksChart = timeChart({
  xKey: "chunk",
  title: "Time over chunk length",
  xTitle: "Tokens in a chunk",
  x: sizeAxis,
  y: (curves) =>
    logAxis(curves.flatMap(({ points }) => points.flatMap((point) => [point.lowNs, point.highNs]))),
  fixed: ({ state, length }) => `N = ${state}, ${length} tokens`,
});
