/** The chart of a suite that asks "how long, over what": a main panel a group, small panels by engine, a caption. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Curve, type Group, groupBy, groupsOf, type XKey } from "../curves.js";
import type { Row, RunRecord } from "../row.js";
import { caption } from "./caption.js";
import { type Block, figure, keyBlock } from "./figure.js";
import { type Layer, type PanelOptions, panel } from "./panel.js";
import { type Axis, logAxis } from "./scale.js";
import { LIGHT, type Theme } from "./theme.js";

export interface Look {
  readonly xKey: XKey;
  readonly title: string;
  readonly xTitle: string;
  x(sizes: readonly number[]): Axis;
  y(curves: readonly Curve[]): Axis;
  /** What every point has in common, e.g. "N = 64". */
  fixed(group: Group): string | undefined;
}

export type Size = Pick<PanelOptions, "width" | "height" | "labels" | "families">;

const MAIN: Omit<Size, "families"> = { width: 460, height: 330, labels: "full" };
const SMALL: Omit<Size, "families"> = { width: 172, height: 140, labels: "none" };
const SMALL_A_ROW = 3;
/** Panels, labels and caption together: what a page of a paper takes without shrinking text below 6 points. */
const WIDTH = 650;

export function timeChart(look: Look) {
  return (run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec => {
    const groups = groupsOf(rows, look.xKey);
    const drawn = groups.filter((group) => bestCurves(group).length > 0);
    const shown = drawn.length === 0 ? groups.slice(0, 1) : drawn;
    const main = shown.map((group) =>
      mainPanel(look, group, theme, { ...MAIN, families: familiesOf(shown) }),
    );
    const lines = shown.flatMap((group) => caption({ run, rows, group, curves: bestCurves(group) }));
    return figure([...main, ...smallPanels(look, shown, theme)], [...new Set(lines)], WIDTH, theme);
  };
}

/** One best curve a family. */
export function mainPanel(look: Look, group: Group, theme: Theme, size: Size): Layer {
  const curves = bestCurves(group);
  const about = [group.device, group.dtype, look.fixed(group)].filter(Boolean).join(" · ");
  return panel(curves, {
    ...size,
    theme,
    title: look.title,
    subtitle: curves.length === 0 ? [about, "No case was measured: the table says why."] : [about],
    xTitle: look.xTitle,
    x: look.x(sizesOf(curves)),
    y: look.y(curves),
  });
}

/** Every family that a figure of these groups can show, so that all its panels agree on colours. */
export function familiesOf(groups: readonly Group[]): string[] {
  return [...new Set(groups.flatMap(({ curves }) => curves.map(({ family }) => family.key)))];
}

function sizesOf(curves: readonly Curve[]): number[] {
  return curves.flatMap(({ points }) => points.flatMap(({ x }) => (x === undefined ? [] : [x])));
}

/** Every implementation, a panel an engine, all on the same log axes; none when the main panels show everything already. */
function smallPanels(look: Look, groups: readonly Group[], theme: Theme): Block[] {
  const curves = groups.flatMap((group) => group.curves.filter(({ points }) => points.length > 0));
  const main = groups.flatMap(bestCurves);
  if (curves.length === main.length) return [];
  const y = logAxis(curves.flatMap(({ points }) => points.flatMap((point) => [point.lowNs, point.highNs])));
  const x = look.x(sizesOf(curves));
  const keys = familiesOf(groups);
  const several = groups.length > 1;
  const panels = groups.flatMap((group) =>
    [...groupBy(group.curves, (curve) => curve.rows[0].engine)].flatMap(([engine, members]) => {
      if (members.every(({ points }) => points.length === 0)) return [];
      const subtitle = several ? { subtitle: [`${group.device} · ${group.dtype}`] } : {};
      return [
        panel(members, {
          ...SMALL,
          ...subtitle,
          families: keys,
          theme,
          title: engine,
          xTitle: look.xTitle,
          x,
          y,
        }),
      ];
    }),
  );
  const rows: Block[] = [];
  for (let i = 0; i < panels.length; i += SMALL_A_ROW) {
    rows.push({ spacing: 22, hconcat: panels.slice(i, i + SMALL_A_ROW) });
  }
  const families = new Map(curves.map(({ family }) => [family.key, family.name]));
  return [...rows, keyBlock("Every implementation, by engine:", families, WIDTH, theme)];
}
