/** Changes of cases with their intervals, the slowest on top; a panel a machine, never two machines in one. */
import type { TopLevelSpec } from "vega-lite";
import type { ComparedCase, ComparedMachine, Comparison } from "../../analysis/compare/compare.js";
import { formatRatio, plural, shorten } from "../../format.js";
import { idWords } from "../../rows/case-id.js";
import { figure } from "../figure.js";
import { textWidth } from "../font.js";
import type { Layer } from "../panel/drawn.js";
import { SCREEN } from "../panel/metrics.js";
import { ratioAxis } from "../scale.js";
import { FONT, LIGHT, type Theme } from "../theme.js";

const WIDTH = 760;
const ROW_PX = 15;
const NAME_PX = 9.5;
const LONGEST_NAME = 74;
/** More cases than these lose their middle: the ones that changed least. */
const MOST_ROWS = 40;
/** Intervals wider than this many times leave the panel. */
const WIDEST = 4;

/** Undefined where nothing was measured on both sides. */
export function compareChart(
  { machines, notes }: Comparison,
  lines: readonly string[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  if (machines.length === 0) return undefined;
  const how =
    "Time after divided by time before, right of 1x is slower; bars: 99% intervals with the variance between runs. Filled: a change that " +
    "the interval shows; hollow: none that it shows.";
  return figure(
    machines.map((machine) => panelOf(machine, theme)),
    [how, ...notes, ...lines],
    WIDTH,
    theme,
  );
}

/** Those that changed most, both ways, in the order of the table. */
function shownOf(cases: readonly ComparedCase[]): readonly ComparedCase[] {
  if (cases.length <= MOST_ROWS) return cases;
  const most = cases
    .toSorted((a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)))
    .slice(0, MOST_ROWS);
  return cases.filter((one) => most.includes(one));
}

/** Words of the id that all cases have say nothing about one of them. */
function sharedWords(cases: readonly ComparedCase[]): string[] {
  if (cases.length < 2) return [];
  return idWords(cases[0].id)
    .slice(1)
    .filter((word) => cases.every(({ id }) => idWords(id).includes(word)));
}

function ownWords(id: string, shared: readonly string[]): string {
  return idWords(id)
    .filter((word) => !shared.includes(word))
    .join(" ");
}

function panelOf({ machine, runs, cases }: ComparedMachine, theme: Theme): Layer {
  const shown = shownOf(cases);
  const shared = sharedWords(shown);
  const names = shown.map(({ id }) => shorten(ownWords(id, shared), LONGEST_NAME));
  const left = Math.max(...names.map((name) => textWidth(name, NAME_PX))) + 14;
  const isPart = shown.length < cases.length;
  const ends = shown.flatMap(({ ratio, low, high }) => [
    Math.max(low, ratio / WIDEST),
    Math.min(high, ratio * WIDEST),
  ]);
  const x = ratioAxis(ends);
  const height = shown.length * ROW_PX;
  const named = { slower: "#D55E00", faster: theme.dark ? "#3FA7E0" : "#0072B2" };
  const values = shown.map((one, i) => {
    const { ratio, low, high, verdict, id, device } = one;
    const color = verdict === "slower" || verdict === "faster" ? named[verdict] : theme.faint;
    return {
      ratio,
      low: Math.max(low, x.domain[0]),
      high: Math.min(high, x.domain[1]),
      verdict,
      case: id,
      device,
      said: `${id}: ${formatRatio(ratio)}, ${verdict}`,
      place: (i + 0.5) * ROW_PX,
      color,
      fill: verdict === "slower" || verdict === "faster" ? color : theme.background,
      name: names[i],
    };
  });
  const fewest = Math.min(...runs);
  const sides =
    runs[0] === runs[1] ? `${plural(fewest, "run")} a side` : `${runs[0]} runs before, ${runs[1]} after`;
  const one = cases.length === 1 ? ["One case only: there is nothing to compare it with."] : [];
  const px = (field: string) => ({ field, type: "quantitative" as const, scale: null, axis: null });
  const raw = (field: string) => ({ field, type: "nominal" as const, scale: null, legend: null });
  const at = { x: { field: "ratio", type: "quantitative" as const }, y: px("place") };
  return {
    width: WIDTH,
    height,
    data: { values },
    title: {
      text: ["Time after over time before"],
      subtitle: [
        `${shorten(machine, 100)} · ${sides}`,
        ...(shared.length > 0 ? [`All: ${shared.join(" ")}`] : []),
        ...(isPart ? [`the ${shown.length} of ${cases.length} cases that changed most`] : []),
        ...one,
      ],
      subtitlePadding: 4,
      offset: SCREEN.titleOffset,
      frame: "bounds",
    },
    encoding: {
      x: {
        field: "ratio",
        type: "quantitative",
        title: "Time after / time before",
        scale: { type: "log", domain: [...x.domain], range: [left, WIDTH], nice: false },
        axis: { values: [...x.ticks], labelExpr: ticks(x.ticks), grid: true },
      },
    },
    layer: [
      {
        data: { values: [{ even: 1 }] },
        mark: { type: "rule", strokeWidth: 1.2, color: theme.text },
        encoding: { x: { field: "even", type: "quantitative" } },
      },
      {
        mark: { type: "rule", strokeWidth: 1.6 },
        encoding: {
          x: { field: "low", type: "quantitative" },
          x2: { field: "high" },
          y: px("place"),
          color: raw("color"),
        },
      },
      {
        mark: { type: "point", size: 36, strokeWidth: 1.4, opacity: 1, aria: true },
        encoding: {
          ...at,
          stroke: raw("color"),
          fill: raw("fill"),
          tooltip: [{ field: "said", type: "nominal" }],
          description: { field: "said", type: "nominal" },
        },
      },
      {
        mark: {
          type: "text",
          align: "right",
          baseline: "middle",
          font: FONT,
          fontSize: NAME_PX,
          color: theme.text,
        },
        encoding: { x: { value: left - 10 }, y: px("place"), text: { field: "name" } },
      },
    ],
  };
}

/** Labels that would touch leave their tick bare. */
function ticks(values: readonly number[]): string {
  const cases = values.map((value) => `abs(datum.value / ${value} - 1) < 1e-6 ? '${changeWords(value)}' : `);
  return `${cases.join("")}''`;
}

/** "1x", "−50%" and "+100%" of the time before. */
export function changeWords(ratio: number): string {
  if (Math.abs(ratio - 1) < 1e-9) return "1x";
  const percent = Number((100 * (ratio - 1)).toPrecision(3));
  return ratio < 1 ? `−${-percent}%` : `+${percent}%`;
}
