/** Time of a token over the tokens before it, what a sequence keeps of those beside it, and time over sequences together. */
import type { TopLevelSpec } from "vega-lite";
import { keptBytes, type StepCurve, type StepGroup, stepGroups } from "../../analysis/decoding.js";
import { formatSize } from "../../format.js";
import type { Row, RunRecord } from "../../rows/row.js";
import { origin } from "../caption.js";
import { type Block, figure } from "../figure.js";
import { type DrawnCurve, drawnTime, KEPT, type Layer, type PanelOptions, TIME } from "../panel/drawn.js";
import { panel } from "../panel/panel.js";
import { bytesAxis, logAxis, sizeAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";

const WIDTH = 900;
const PANEL = { width: 290, height: 250, labels: "names" } as const;

export function decodeChart(run: RunRecord, rows: readonly Row[], theme: Theme = LIGHT): TopLevelSpec {
  const over = stepGroups(rows, "context");
  const along = stepGroups(rows, "batch");
  const all = [...over, ...along];
  const families = [...new Set(all.flatMap(({ curves }) => curves.map(({ family }) => family.key)))];
  const look = { ...PANEL, theme, families };
  const beside = (panels: readonly Layer[]): Block => ({ spacing: 36, hconcat: [...panels] });
  const blocks = [
    ...over.map((group) => beside([timePanel(group, "Time of a token", look), keptPanel(group, look)])),
    ...along.map((group) => beside([timePanel(group, "Time of a token of each sequence", look)])),
  ];
  return figure(blocks, caption(run, rows, all), WIDTH, theme);
}

type Look = Pick<PanelOptions, "width" | "height" | "labels" | "theme" | "families">;

function timePanel({ group, curves }: StepGroup, title: string, look: Look): Layer {
  const points = curves.flatMap(({ curve }) => curve.points);
  const [{ context }] = points.map(({ row }) => row);
  const isOver = group.xKey === "context";
  const about = [
    group.device,
    group.dtype,
    ...(isOver ? [`batch ${group.batch}`] : [`${formatSize(context ?? 0)} tokens before`]),
  ];
  return panel(curves.map(named), {
    ...look,
    title,
    subtitle: [about.join(" · ")],
    quantity: TIME,
    xTitle: isOver ? "Tokens before it (K = 1024)" : "Sequences together",
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: logAxis(points.flatMap(({ lowNs, highNs }) => [lowNs, highNs])),
  });
}

/** Known without a measurement: every size that was asked for. */
function keptPanel({ group, curves }: StepGroup, look: Look): Layer {
  const drawn = curves.map(
    (one): DrawnCurve => ({
      ...named(one),
      points: one.curve.rows.map((row) => {
        const value = keptBytes(row);
        const exact = { value, low: value, high: value, measured: true };
        return { x: row.context, ...exact, segment: 0, joined: true, about: row.id };
      }),
    }),
  );
  const points = drawn.flatMap((curve) => curve.points);
  return panel(drawn, {
    ...look,
    title: "What a sequence keeps",
    subtitle: [`${group.heads} heads x ${group.headDim}${group.state ? ` · N = ${group.state}` : ""}`],
    quantity: KEPT,
    xTitle: "Tokens before it (K = 1024)",
    x: sizeAxis(points.flatMap(({ x }) => x ?? [])),
    y: bytesAxis(points.map(({ value }) => value)),
  });
}

function named({ family, curve }: StepCurve): DrawnCurve {
  return { ...drawnTime(curve), family: family.key, name: family.name };
}

function caption(run: RunRecord, rows: readonly Row[], groups: readonly StepGroup[]): string[] {
  const points = groups.flatMap(({ curves }) => curves.flatMap(({ curve }) => curve.points));
  const how =
    "Median time of one decode step; bands: 95% confidence interval of the median. A state is as large after any number of tokens, a " +
    "cache of keys and values grows with them.";
  const hollow = " Hollow points and dotted lines are extrapolated from smaller sizes, not measured.";
  const kernels = groups.map(({ curves }) =>
    curves.map(({ family, curve }) => `${family.name} = ${curve.implementation}`).join("; "),
  );
  const axes = groups.map(({ group }) => ` over ${group.xKey === "context" ? "tokens before" : "sequences"}`);
  const isSame = new Set(kernels).size === 1;
  return [
    points.length === 0
      ? "No step was measured at two sizes: the table says why."
      : `${how}${points.some(({ measured }) => !measured) ? hollow : ""}`,
    ...(isSame ? kernels.slice(0, 1) : kernels).map(
      (names, i) => `Curves${isSame ? "" : axes[i]}: ${names}.`,
    ),
    origin(run, rows),
  ];
}
