/** The chart of a suite that asks "how long, over what": a main panel a group, small panels by engine, a caption. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Curve, type Group, groupsOf, measuredOf } from "../analysis/curves.js";
import { inequality } from "../analysis/fairness.js";
import { groupBy, type XKey } from "../analysis/series.js";
import { shorten } from "../format.js";
import type { Row, RunRecord } from "../rows/row.js";
import { caption } from "./caption.js";
import { type Block, figure, keyBlock } from "./figure.js";
import type { Layer, PanelOptions } from "./panel/drawn.js";
import { drawnTime, TIME } from "./panel/drawn.js";
import { SMALL } from "./panel/metrics.js";
import { panel } from "./panel/panel.js";
import { type Axis, logAxis } from "./scale.js";
import { LIGHT, type Theme } from "./theme.js";

export interface Look {
  readonly xKey: XKey;
  readonly title: string;
  readonly xTitle: string;
  /** @param rows of the curves of one panel, where all of it is one group */
  x(sizes: readonly number[], rows?: readonly Row[]): Axis;
  y(curves: readonly Curve[]): Axis;
  /** What every point has in common, e.g. "N = 64". */
  fixed(group: Group): string | undefined;
}

export type Size = Pick<PanelOptions, "width" | "height" | "labels" | "families" | "metrics">;

const MAIN: Omit<Size, "families"> = { width: 460, height: 330, labels: "full" };
const SMALL_SIZE: Omit<Size, "families"> = { width: 172, height: 140, labels: "none" };
/** One or two engines fill the row of three. */
const SMALL_WIDTHS: Readonly<Record<number, number>> = { 1: 460, 2: 280 };
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
    return figure([...main, ...smallPanels(look, shown, theme)], caption(run, rows, shown), WIDTH, theme);
  };
}

/** One best curve a family. */
export function mainPanel(look: Look, group: Group, theme: Theme, size: Size): Layer {
  const curves = bestCurves(group);
  const about = [group.device, group.dtype, look.fixed(group), coldly(group)].filter(Boolean).join(" · ");
  return panel(curves.map(drawnTime), {
    quantity: TIME,
    ...size,
    theme,
    title: look.title,
    subtitle: [
      about,
      curves.length === 0 ? "No case was measured: the table says why." : inequality(curves),
    ].filter((line) => line !== undefined),
    xTitle: look.xTitle,
    x: look.x(
      sizesOf(curves),
      curves.flatMap(({ rows }) => rows),
    ),
    y: look.y(curves),
  });
}

/** A warm cache is what every run has that does not say otherwise. */
export function coldly({ cache }: Group): string | undefined {
  return cache === "cold" ? "cold cache" : undefined;
}

/** Every family that a figure of these groups can show, so that all its panels agree on colours. */
export function familiesOf(groups: readonly Group[]): string[] {
  return [...new Set(groups.flatMap(({ curves }) => curves.map(({ family }) => family.key)))];
}

function sizesOf(curves: readonly Curve[]): number[] {
  return curves.flatMap(({ points }) => points.flatMap(({ x }) => (x === undefined ? [] : [x])));
}

/**
 * What was measured of every implementation, a panel an engine, all on the same axes; none when the main panels show everything
 * already.
 */
function smallPanels(look: Look, shown: readonly Group[], theme: Theme): Block[] {
  const measured = ({ curves }: Group) =>
    curves
      .map((curve) => ({ ...curve, points: measuredOf(curve) }))
      .filter(({ points }) => points.length > 0);
  const curves = shown.flatMap(measured);
  const main = shown.flatMap(bestCurves).filter((curve) => measuredOf(curve).length > 0);
  if (curves.length === main.length) return [];
  const y = sparse(logAxis(curves.flatMap(({ points }) => points.flatMap((p) => [p.lowNs, p.highNs]))), 6);
  const x = look.x(sizesOf(curves));
  const engines = shown.flatMap((group) =>
    [...groupBy(measured(group), (curve) => curve.rows[0].engine)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([engine, members]) => ({ group, engine, members })),
  );
  const families = new Map(curves.map(({ family }) => [family.key, family.name]));
  const panels = engines.map(({ group, engine, members }, i) =>
    panel(members.map(drawnTime), {
      quantity: TIME,
      ...SMALL_SIZE,
      width: SMALL_WIDTHS[engines.length] ?? SMALL_SIZE.width,
      families: familiesOf(shown),
      metrics: SMALL,
      theme,
      title: engine,
      ...(shown.length > 1
        ? {
            subtitle: [
              shorten([group.device, group.dtype, group.pass, coldly(group)].filter(Boolean).join(" · "), 34),
            ],
          }
        : {}),
      xTitle: look.xTitle,
      yTitle: i % SMALL_A_ROW === 0,
      x,
      y,
    }),
  );
  const rows: Block[] = [
    keyBlock("Every implementation, by engine (measured points)", families, familiesOf(shown), WIDTH, theme),
  ];
  for (let i = 0; i < panels.length; i += SMALL_A_ROW) {
    rows.push({ spacing: 18, hconcat: panels.slice(i, i + SMALL_A_ROW) });
  }
  return rows;
}

/** The same axis with at most `most` ticks. */
function sparse(axis: Axis, most: number): Axis {
  const step = Math.ceil(axis.ticks.length / most);
  return { ...axis, ticks: axis.ticks.filter((_, i) => i % step === 0) };
}
