/** Speedup over ranks, and the share of the time that went into calls; a model's reckoning beside the points, in words. */
import type { TopLevelSpec } from "vega-lite";
import { type Division, divisionsOf, linkOf, type Point } from "../../analysis/parallel/divisions.js";
import { groupBy } from "../../analysis/series.js";
import { formatDuration, formatNumber, formatSize } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { figure } from "../figure.js";
import { type DrawnCurve, type Layer, type Quantity, RATIO } from "../panel/drawn.js";
import { panel } from "../panel/panel.js";
import { linearAxis, sizeAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";

const WIDTH = 760;
const PANEL = { width: 250, height: 260 } as const;

const SPEEDUP: Quantity = { ...RATIO, title: "Times as fast as one process" };
const percent = (value: number) => `${formatNumber(100 * value, 2)}%`;
const SHARE: Quantity = {
  field: "share",
  title: "Share of the time in calls",
  tick: percent,
  text: percent,
  interval: (low, high) => `${percent(low)} to ${percent(high)}`,
};

export function parallelChart(run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec {
  const places = groupBy(rows, ({ device, dtype }) => `${device} · ${dtype}`);
  const drawn = [...places].flatMap(([place, members]) => {
    const divisions = largest(divisionsOf(members));
    return divisions.length === 0 ? [] : [{ place, divisions }];
  });
  const families = [...new Set(drawn.flatMap(({ divisions }) => divisions.map(nameOf)))];
  return figure(
    drawn.map(({ place, divisions }) => ({
      spacing: 150,
      hconcat: [
        sidePanel(divisions, "Speedup", SPEEDUP, ({ speedup }) => speedup, { place, theme, families }),
        sidePanel(divisions, "Communication", SHARE, ({ share }) => share, { place, theme, families }),
      ],
    })),
    [HOW, ...drawn.flatMap(({ divisions }) => reckoning(divisions)), origin(run, rows)],
    WIDTH,
    theme,
  );
}

const HOW =
  "One problem on 1, 2 and 4 processes, median time from the first one's start to the last one's end. Calls: on a CPU the share of their " +
  "time that processes waited, also for a slower one; on a GPU what a run takes more with its calls than without them.";

interface Look {
  readonly place: string;
  readonly theme: Theme;
  readonly families: readonly string[];
}

function sidePanel(
  divisions: readonly Division[],
  title: string,
  quantity: Quantity,
  quantityOf: (point: Point) => number | undefined,
  { place, theme, families }: Look,
): Layer {
  const curves = divisions.map((division): DrawnCurve => {
    const points = division.points.flatMap((point, i) => {
      const value = quantityOf(point);
      if (value === undefined) return [];
      const about = point.row.id;
      return [
        { x: point.ranks, value, low: value, high: value, measured: true, segment: 0, joined: i > 0, about },
      ];
    });
    return { key: division.key, family: nameOf(division), name: nameOf(division), detail: "", points };
  });
  const points = curves.flatMap((curve) => curve.points);
  return panel(curves, {
    ...{ ...PANEL, theme, families, quantity, labels: "names" },
    title,
    subtitle: [place],
    xTitle: "Processes",
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: linearAxis([0, ...points.map(({ value }) => value)]),
  });
}

/** Of each operator and way of dividing it the largest problem. */
function largest(divisions: readonly Division[]): Division[] {
  const ways = groupBy(divisions, nameOf);
  return [...ways.values()].map((all) => all.reduce((a, b) => (b.one.flops > a.one.flops ? b : a)));
}

function nameOf({ one, points }: Division): string {
  const { passing } = points[points.length - 1].row;
  return [one.operator.replaceAll("_", " "), one.split, passing].filter(Boolean).join(", ");
}

/** How near the model comes to the points of this run, and its constants. */
function reckoning(divisions: readonly Division[]): string[] {
  const ratios = divisions.flatMap(({ points }) =>
    points.flatMap(({ row, ranks, reckonedNs }) =>
      ranks > 1 && reckonedNs !== undefined ? [row.medianNs / reckonedNs] : [],
    ),
  );
  const link = divisions.flatMap(({ points }) => points.flatMap(({ row }) => linkOf(row) ?? []))[0];
  if (ratios.length === 0 || !link) return [];
  const sizes = divisions.map(({ one }) => `${one.operator} ${formatSize(one.length)}`);
  return [
    `Tokens: ${[...new Set(sizes)].join(", ")}. Reckoned from the time of one process, ${formatDuration(link.latencyNs)} a message and ` +
      `${formatNumber(link.bytesPerS / 1e9, 2)} GB/s, the points take ${formatNumber(Math.min(...ratios), 2)} to ` +
      `${formatNumber(Math.max(...ratios), 2)} times what the model says.`,
  ];
}
