/** Time of gradients over sequence length, a panel for each pass: forward and backward, and backward alone. */

import { timeChart } from "../time-chart.js";
import { LENGTH_LOOK } from "./sequence-length.js";

const PASSES: Readonly<Record<string, string>> = {
  training: "forward and backward in one run",
  backward: "backward alone, from the inputs",
};

export const trainingChart = timeChart({
  ...LENGTH_LOOK,
  title: "Time of gradients over sequence length",
  fixed: ({ state, pass = "" }) =>
    [state === undefined ? [] : `N = ${state}`, PASSES[pass] ?? pass].flat().join(" · "),
});
