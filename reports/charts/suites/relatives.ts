/** Relatives of SSD: time over length beside time over state, a row a device and dtype. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Group, groupsOf } from "../../analysis/curves.js";
import type { XKey } from "../../analysis/series.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { caption } from "../caption.js";
import { figure } from "../figure.js";
import { LIGHT, type Theme } from "../theme.js";
import { familiesOf, type Look, mainPanel } from "../time-chart.js";
import { LENGTH_LOOK } from "./sequence-length.js";
import { STATE_LOOK } from "./state-size.js";

const WIDTH = 900;
const PANEL = { width: 290, height: 270, labels: "names" } as const;

export function relativesChart(run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec {
  const lefts = swept(rows, "length");
  const rights = swept(rows, "state");
  const shown = [...lefts, ...rights];
  const families = familiesOf(shown);
  const draw = (look: Look) => (group: Group) => mainPanel(look, group, theme, { ...PANEL, families });
  const blocks = [lefts.map(draw(LENGTH_LOOK)), rights.map(draw(STATE_LOOK))];
  const pairs = Array.from({ length: Math.max(lefts.length, rights.length) }, (_, i) => ({
    spacing: 36,
    hconcat: blocks.flatMap((panels) => panels[i] ?? []),
  }));
  return figure(pairs, caption(run, rows, shown), WIDTH, theme);
}

/** Groups in which something with a state has more than one size: rows of the other axis are groups of one size each. */
function swept(rows: readonly Row[], xKey: XKey): Group[] {
  return groupsOf(rows, xKey).filter((group) =>
    bestCurves(group).some(
      ({ rows, points }) => rows[0].state !== undefined && new Set(points.map(({ x }) => x)).size > 1,
    ),
  );
}
