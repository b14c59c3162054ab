/** Figures for print in the manner of the paper's Figure 10, at the width of a column or a page. One pixel of the spec is a point. */
import type { TopLevelSpec } from "vega-lite";
import { bestCurves, type Group, groupsOf } from "../../analysis/curves.js";
import { groupBy, xKeyOf } from "../../analysis/series.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { caption, wrap } from "../caption.js";
import { textWidth } from "../font.js";
import { type DrawnCurve, type PanelOptions, type Quantity, TIME } from "../panel/drawn.js";
import { type Metrics, printMetrics } from "../panel/metrics.js";
import { panel } from "../panel/panel.js";
import { powerOfTen } from "../power-of-ten.js";
import { linearAxis, linearSizeAxis, logAxis, sizeAxis } from "../scale.js";
import { config, type Theme } from "../theme.js";
import { chosenCurves } from "./select.js";

export interface PaperOptions {
  readonly widthPt: number;
  readonly fontPt: number;
  readonly theme: Theme;
  /** Over the whole figure instead of one a panel; empty for none. */
  readonly title?: string;
  readonly curves: readonly string[];
}

/** A figure for any width of its plots. */
export interface PaperFigure {
  readonly name: string;
  /** Panels beside each other. */
  readonly columns: number;
  draw(plotWidth: number): TopLevelSpec;
}

/** Below this two panels stand one over the other: side by side their ticks and legends would need less than 6 points. */
const TWO_COLUMNS_PT = 324;
const HEIGHT = 0.66;
const LEFT = ["attention", "convolution", "tensor-scan", "scan", "ssd"];
const RIGHT = ["attention", "scan", "ssd"];

interface Panel {
  readonly group: Group;
  readonly curves: readonly DrawnCurve[];
  readonly title: string;
  readonly isLog: boolean;
}

/** Figure 10 of what was measured over length and state, then one figure for every other suite. */
export function paperFigures(run: RunRecord, rows: readonly Row[], options: PaperOptions): PaperFigure[] {
  const of = (suite: string) => rows.filter((row) => row.suite === suite);
  const left = groupsOf(of("sequence-length"), "length");
  const right = groupsOf(of("state-size"), "state");
  const pair = alikePair(left.filter(drawable), right.filter(drawable));
  const panels = [
    ...pair[0].map((group) => lengthPanel(group, options)),
    ...pair[1].map((group) => statePanel(group, options)),
  ];
  const others = [...groupBy(rows, (row) => row.suite)]
    .filter(([suite]) => suite !== "sequence-length" && suite !== "state-size")
    .map(([suite, members]) => ({ suite, group: groupsOf(members, xKeyOf(suite, members)).find(drawable) }));
  return [
    { name: "figure-10", panels: panels.filter(hasCurves) },
    ...others.map(({ suite, group }) => ({
      name: suite,
      panels: group ? [otherPanel(suite, group, options)].filter(hasCurves) : [],
    })),
  ].flatMap(({ name, panels: drawn }) =>
    drawn.length === 0 ? [] : [figureOf(name, run, rows, drawn, options)],
  );
}

function drawable(group: Group): boolean {
  return bestCurves(group).length > 0 || group.curves.some(({ points }) => points.length > 0);
}

function hasCurves({ curves }: Panel): boolean {
  return curves.length > 0;
}

/** The two that answer for one device, dtype and width, or the only one there is. */
function alikePair(left: readonly Group[], right: readonly Group[]): [Group[], Group[]] {
  const first = left.find((group) => right.some((other) => alike(group, other)));
  if (!first) return left.length > 0 ? [left.slice(0, 1), []] : [[], right.slice(0, 1)];
  return [[first], [right.find((other) => alike(first, other))!]];
}

/** Whether two groups are of one device, dtype, batch and width. */
export function alike(a: Group, b: Group): boolean {
  return (["device", "dtype", "batch", "heads", "headDim"] as const).every((key) => a[key] === b[key]);
}

function lengthPanel(group: Group, { curves }: PaperOptions): Panel {
  const title = "SSD, Scan, Convolution vs Attention time";
  return { group, curves: chosenCurves(group, curves, LEFT), title, isLog: true };
}

function statePanel(group: Group, { curves }: PaperOptions): Panel {
  const title = "SSD vs Scan time";
  return { group, curves: chosenCurves(group, curves, RIGHT), title, isLog: false };
}

function otherPanel(suite: string, group: Group, { curves }: PaperOptions): Panel {
  return { group, curves: chosenCurves(group, curves, undefined), title: suite, isLog: true };
}

function figureOf(
  name: string,
  run: RunRecord,
  rows: readonly Row[],
  panels: readonly Panel[],
  options: PaperOptions,
): PaperFigure {
  const { theme, title, fontPt, widthPt } = options;
  const metrics = printMetrics(fontPt);
  const isWide = widthPt >= TWO_COLUMNS_PT;
  const columns = isWide ? panels.length : 1;
  const families = [...new Set(panels.flatMap(({ curves }) => curves.map(({ family }) => family)))];
  const shown = rows.filter((row) =>
    panels.some(({ group }) => group.curves.some((c) => c.rows.includes(row))),
  );
  const description = caption(
    run,
    shown,
    panels.map(({ group }) => group),
  ).join(" ");
  const base = config(theme);
  return {
    name,
    columns,
    draw: (plotWidth) => {
      const size = { width: plotWidth, height: Math.round(HEIGHT * plotWidth), theme, metrics, families };
      const drawn = panels.map((one) => drawPanel(one, size, title));
      return {
        $schema: "https://vega.github.io/schema/vega-lite/v6.json",
        description,
        ...(title ? { title: { text: title, fontSize: 1.1 * fontPt, anchor: "middle" as const } } : {}),
        config: {
          ...base,
          padding: 1,
          view: { stroke: theme.faint, strokeWidth: 0.06 * fontPt },
          title: { ...base.title, anchor: "middle", fontWeight: "normal", fontSize: fontPt },
          axis: {
            ...base.axis,
            gridWidth: 0.05 * fontPt,
            domainWidth: 0.07 * fontPt,
            tickWidth: 0.07 * fontPt,
            tickSize: 0.4 * fontPt,
          },
        },
        spacing: 1.4 * fontPt,
        ...(isWide ? { hconcat: drawn } : { vconcat: drawn }),
      };
    },
  };
}

type PaperSize = Pick<PanelOptions, "width" | "height" | "theme" | "families"> & {
  readonly metrics: Metrics;
};

const X_TITLES: Readonly<Record<string, string>> = {
  length: "Sequence length (K = 1024)",
  state: "State dimension",
};

function drawPanel({ group, curves, title, isLog }: Panel, size: PaperSize, ofFigure: string | undefined) {
  const sizes = curves.flatMap(({ points }) => points.flatMap(({ x }) => (x === undefined ? [] : [x])));
  const isLevel = sizes.length === 0;
  const x = isLog || isLevel ? sizeAxis(sizes) : linearSizeAxis(sizes);
  return panel(curves, {
    ...size,
    title: ofFigure === undefined ? titleLines(title, group.device, size.width, size.metrics.titlePx) : [],
    xTitle: X_TITLES[group.xKey] ?? group.xKey,
    x,
    y: isLog ? decades(curves) : linearAxis(within(curves)),
    quantity: isLog ? POWERS : TIME,
    labels: "legend",
  });
}

/** Whole decades where the data span two or more: the paper's axis. */
function decades(curves: readonly DrawnCurve[]) {
  return logAxis(curves.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high])));
}

/** What is more than three times above SSD and the Mamba-1 scan leaves the panel; its time stands in the legend. */
function within(curves: readonly DrawnCurve[]): number[] {
  const tops = (some: readonly DrawnCurve[]) => some.flatMap(({ points }) => points.map(({ high }) => high));
  const compared = tops(curves.filter(({ family }) => family === "ssd" || family === "scan"));
  const limit = compared.length === 0 ? Number.POSITIVE_INFINITY : 3 * Math.max(...compared);
  return curves.flatMap((curve) => (tops([curve]).some((top) => top > limit) ? [] : tops([curve])));
}

/** A time in ms as the paper's axis has it. */
const POWERS: Quantity = { ...TIME, tick: (ns) => powerOfTen(ns / 1e6) };

/** Over the plot in one line, or with the device below, each in as many lines as it needs. */
function titleLines(title: string, device: string, width: number, sizePx: number): string[] {
  const whole = `${title} (${device})`;
  if (textWidth(whole, sizePx) <= width) return [whole];
  return [title, `(${device})`].flatMap((line) => wrap(line, width, sizePx));
}
