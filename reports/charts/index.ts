/** Which chart shows which suite. A suite without a chart of its own is drawn over the axis that varies most. */
import type { TopLevelSpec } from "vega-lite";
import type { Row, RunRecord } from "../row.js";
import { sequenceLengthChart } from "./sequence-length.js";
import { stateSizeChart } from "./state-size.js";
import type { Theme } from "./theme.js";

export type Chart = (run: RunRecord, rows: readonly Row[], theme?: Theme) => TopLevelSpec;

const CHARTS: Readonly<Record<string, Chart>> = {
  "sequence-length": sequenceLengthChart,
  "state-size": stateSizeChart,
};

export function chartOf(suite: string): Chart | undefined {
  return CHARTS[suite];
}
