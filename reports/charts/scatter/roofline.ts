/** The roofline of each engine as this run measured it, and the largest case of each curve below it, with what binds it. */
import type { TopLevelSpec } from "vega-lite";
import { bindingOf, type Ceilings, ceilingsOf } from "../../analysis/compare/drift.js";
import { bestCurves, type Group, groupsOf, measuredOf } from "../../analysis/curves.js";
import { xKeyOf } from "../../analysis/series.js";
import { formatDuration, formatNumber, formatRate, formatSize } from "../../format.js";
import type { Measured, Row, RunRecord } from "../../rows/row.js";
import { caption } from "../caption.js";
import { figure } from "../figure.js";
import { logAxis } from "../scale.js";
import { LIGHT, type Theme } from "../theme.js";
import { familiesOf } from "../time-chart.js";
import { type ScatterLine, type ScatterPoint, scatter } from "./scatter.js";

const WIDTH = 650;
/** Groups beyond these are in the table of all cases. */
const MOST_PANELS = 4;

/** Undefined where no case has the ceilings of its run. */
export function rooflineChart(
  run: RunRecord,
  rows: readonly Row[],
  theme: Theme = LIGHT,
): TopLevelSpec | undefined {
  const suite = rows.some((row) => row.suite === "sequence-length") ? "sequence-length" : rows[0]?.suite;
  const members = rows.filter((row) => row.suite === suite);
  if (members.length === 0) return undefined;
  const groups = groupsOf(members, xKeyOf(suite, members));
  const drawn = groups.flatMap((group) => {
    const cases = largestCases(group);
    return cases.length === 0 ? [] : [{ group, cases }];
  });
  if (drawn.length === 0) return undefined;
  const shown = drawn.slice(0, MOST_PANELS);
  const families = familiesOf(shown.map(({ group }) => group));
  const how =
    "Lines: what each engine can do, by the ceilings that this run measured (copy bandwidth, matrix product). Points: the largest " +
    "measured case of each curve; the operator's least work over its time. compute, memory: which of the two takes longer at its ceiling.";
  const [, ...setting] = caption(
    run,
    members,
    shown.map(({ group }) => group),
  );
  const panels = shown.map(({ group, cases }) => panelOf(group, cases, families, theme));
  return figure(panels, [how, ...setting], WIDTH, theme);
}

interface LargestCase {
  readonly row: Measured;
  readonly family: string;
  readonly name: string;
  readonly ceilings: Ceilings;
}

function largestCases(group: Group): LargestCase[] {
  return bestCurves(group).flatMap((curve) => {
    const row = measuredOf(curve).at(-1)?.row;
    const ceilings = row?.status === "measured" ? ceilingsOf(row) : undefined;
    if (row?.status !== "measured" || !ceilings || !(row.flops > 0) || !(row.bytes > 0)) return [];
    return [{ row, ceilings, family: curve.family.key, name: curve.family.name }];
  });
}

function panelOf(group: Group, cases: readonly LargestCase[], families: readonly string[], theme: Theme) {
  const intensity = ({ flops, bytes }: Measured) => flops / bytes;
  const roofs = new Map(
    cases.map(({ row, ceilings }) => [`${row.engine} on ${row.device}`, { row, ceilings }]),
  );
  const ridges = [...roofs.values()].map(({ ceilings }) => ceilings.flopsPerS / ceilings.bytesPerS);
  const x = logAxis([...cases.map(({ row }) => intensity(row)), ...ridges]);
  const [low, high] = x.domain;
  const lines = [...roofs.values()].map(({ row, ceilings: { flopsPerS, bytesPerS } }): ScatterLine => {
    const ridge = flopsPerS / bytesPerS;
    const ends = [low, ridge, high].filter((at) => (at === ridge ? at > low && at < high : true));
    return {
      name: `${row.engine}: ${formatRate(flopsPerS, "FLOP/s")}`,
      ends: ends.map((at) => [at, Math.min(flopsPerS, at * bytesPerS)]),
    };
  });
  const points = cases.map(({ row, ceilings, family, name }): ScatterPoint => {
    const bound = bindingOf(row, ceilings);
    return {
      family,
      label: `${name}: ${bound}`,
      said: [
        `${name} at ${formatSize(row.length)}: ${formatRate(row.flopsPerS, "FLOP/s")}`,
        formatDuration(row.medianNs),
        `bound by ${bound}`,
      ].join(", "),
      case: row.id,
      x: intensity(row),
      y: row.flopsPerS,
      more: { bound, ceiling_flops_per_s: ceilings.flopsPerS, ceiling_bytes_per_s: ceilings.bytesPerS },
    };
  });
  const y = logAxis([
    ...points.map((point) => point.y),
    ...lines.flatMap(({ ends }) => ends.map(([, at]) => at)),
  ]);
  const about = [
    group.device,
    group.dtype,
    group.state === undefined ? undefined : `N = ${group.state}`,
    group.pass && `${group.pass} pass`,
  ];
  return scatter(points, lines, {
    width: 460,
    height: 300,
    title: "Roofline",
    subtitle: [about.filter(Boolean).join(" · ")],
    x: { ...x, field: "flops_per_byte", title: "FLOP per byte", tick: (value) => formatNumber(value) },
    y: { ...y, field: "flops_per_s", title: "FLOP/s", tick: (value) => formatRate(value, "").trim() },
    families,
    theme,
  });
}
