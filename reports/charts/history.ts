/** Cases over commits, a panel a machine: time beside that of the first run, an interval at each. */
import type { TopLevelSpec } from "vega-lite";
import type { HistoryCase, MachineHistory } from "../analysis/compare/history.js";
import { formatRatio, plural, shorten } from "../format.js";
import { keyWords, parseCaseId } from "../rows/case-id.js";
import { figure } from "./figure.js";
import { type DrawnCurve, type Layer, RATIO } from "./panel/drawn.js";
import { withEvenRule } from "./panel/even.js";
import { panel } from "./panel/panel.js";
import { type Axis, linearSizeAxis, logAxis } from "./scale.js";
import { LIGHT, type Theme } from "./theme.js";

/** Lines beyond these are in history.csv. */
const MOST_CASES = 8;
const WIDTH = 460;

/** Undefined where no case was measured twice on one machine. */
export function historyChart(
  machines: readonly MachineHistory[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const drawn = machines.filter(({ cases }) => cases.length > 0);
  if (drawn.length === 0) return undefined;
  const left = drawn.reduce((sum, { cases }) => sum + Math.max(0, cases.length - MOST_CASES), 0);
  const how =
    "Median time of a case over that of the first run that measured it, in the order of the runs; above 1x is slower. Bars: 95% " +
    "intervals of the ratio from those of both medians; they cover noise within the runs, not between them.";
  const rest =
    left > 0 ? [`The cases that changed most; ${plural(left, "further case")} in history.csv.`] : [];
  return figure(
    drawn.map((one) => machinePanel(one, theme)),
    [how, ...rest],
    650,
    theme,
  );
}

function machinePanel({ machine, commits, cases }: MachineHistory, theme: Theme): Layer {
  const curves = cases.slice(0, MOST_CASES).map(drawnCase);
  const points = curves.flatMap((curve) => curve.points);
  const layer = panel(curves, {
    width: WIDTH,
    height: 260,
    title: "Time over commits",
    subtitle: [shorten(machine, 90)],
    xTitle: "Commit",
    x: commitAxis(commits),
    y: logAxis([1, ...points.flatMap(({ low, high }) => [low, high])]),
    quantity: { ...RATIO, title: "Time relative to the first run" },
    theme,
    families: curves.map(({ family }) => family),
    labels: "full",
  });
  return withEvenRule(layer, WIDTH, theme);
}

/** Only keys in which the drawn cases differ are named. */
function drawnCase({ id, points }: HistoryCase, _: number, all: readonly HistoryCase[]): DrawnCurve {
  const { name, keys } = parseCaseId(id);
  const values = (key: string) => new Set(all.map((one) => parseCaseId(one.id).keys.get(key)));
  const differing = [...keys].filter(([key]) => values(key).size > 1);
  return {
    key: id,
    family: id,
    name,
    detail: [`now ${formatRatio(points.at(-1)!.ratio)}`, ...keyWords(differing)].join(" "),
    points: points.map(({ at, ratio, low, high }) => ({
      ...{ x: at + 1, value: ratio, low, high },
      ...{ measured: true, segment: 0, joined: true, about: id },
    })),
  };
}

/** A tick a run, named by its commit. */
function commitAxis(commits: readonly string[]): Axis {
  const axis = linearSizeAxis(commits.map((_, i) => i + 1));
  return { ...axis, name: (tick) => commits[Math.round(tick) - 1]?.slice(0, 7) ?? "" };
}
