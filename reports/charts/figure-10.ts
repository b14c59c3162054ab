/** Both panels of Figure 10 side by side, sized for a paper's full width. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, groupsOf } from "../analysis/curves.js";
import type { Row, RunRecord } from "../rows/row.js";
import { caption } from "./caption.js";
import { figure } from "./figure.js";
import { LENGTH_LOOK } from "./suites/sequence-length.js";
import { STATE_LOOK } from "./suites/state-size.js";
import { LIGHT, type Theme } from "./theme.js";
import { familiesOf, mainPanel } from "./time-chart.js";

const WIDTH = 900;

/** Undefined unless both suites have something to draw on the same device. */
export function figure10Chart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const of = (suite: string) => rows.filter((row) => row.suite === suite);
  const lefts = groupsOf(of("sequence-length"), "length").filter((group) => bestCurves(group).length > 0);
  const rights = groupsOf(of("state-size"), "state").filter((group) => bestCurves(group).length > 0);
  const left = lefts.find((group) => rights.some((other) => alike(group, other)));
  const right = left && rights.find((other) => alike(left, other));
  if (!left || !right) return undefined;
  const families = familiesOf([left, right]);
  const size = { width: 290, height: 270, labels: "names", families } as const;
  const panels = {
    spacing: 36,
    hconcat: [mainPanel(LENGTH_LOOK, left, theme, size), mainPanel(STATE_LOOK, right, theme, size)],
  };
  return figure([panels], caption(run, rows, [left, right]), WIDTH, theme);
}

type Alike = Pick<ReturnType<typeof groupsOf>[number], "device" | "dtype" | "batch" | "heads" | "headDim">;

function alike(a: Alike, b: Alike): boolean {
  return (["device", "dtype", "batch", "heads", "headDim"] as const).every((key) => a[key] === b[key]);
}
