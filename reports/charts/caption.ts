/** Everything that someone else needs to repeat a chart, as plain lines. */
import { bestCurves, type Curve, type Group } from "../curves.js";
import { plural } from "../format.js";
import type { Row, RunRecord } from "../row.js";
import { textWidth } from "./font.js";

/** One line on how to read it, two a group (setting, curves), one that repeats the run. */
export function caption(run: RunRecord, rows: readonly Row[], groups: readonly Group[]): string[] {
  const commits = [...new Set(rows.map((row) => row.commit))].join(", ");
  return [
    ...[`${reading(groups.flatMap(bestCurves))} ${omitted(groups)}`.trim()].filter(Boolean),
    ...groups.flatMap((group) => {
      const curves = bestCurves(group).map(identity);
      return [`${setting(group)}.`, ...(curves.length === 0 ? [] : [`Curves: ${curves.join("; ")}.`])];
    }),
    `Commit ${commits || "unknown"}, ${run.startedUtc.replace(/\.\d+Z$/, "Z")}. Repeat with: ${run.command}`,
  ];
}

function reading(curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const clocks = new Set(points.flatMap(({ row }) => (row.status === "measured" ? [row.clock] : [])));
  const clock = clocks.size === 0 ? "" : `; ${[...clocks].join(" and ")} clock`;
  const measured = `Median time of one ${passOf(points[0]?.row)} pass${clock}; bands: 95% confidence interval of the median.`;
  const hollow = "Hollow points and dotted lines are extrapolated from smaller sizes, not measured.";
  if (points.length === 0) return "";
  return points.some((point) => !point.measured) ? `${measured} ${hollow}` : measured;
}

function passOf(row: Row | undefined): string {
  return row?.pass ?? "forward";
}

/** "AMD EPYC 7R13; f32; batch 1; width 1024 (16 heads x 64); state 64" */
export function setting({ device, dtype, batch, heads, headDim, state, length, cache, xKey }: Group): string {
  const width =
    heads === undefined
      ? `head size ${headDim}`
      : `width ${heads * headDim} (heads x headDim: ${heads} x ${headDim})`;
  return [
    `Device: ${device}`,
    `dtype ${dtype}`,
    batch === undefined ? undefined : `batch ${batch}`,
    width,
    length === undefined ? undefined : `length ${length}`,
    state === undefined || xKey === "state" ? undefined : `state ${state}`,
    cache === undefined ? undefined : `${cache} cache`,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
}

/** "SSD = ssd/chunked.wasm chunk=8 threads=2": name, implementation, options. */
function identity(curve: Curve): string {
  const { operator, form, engine, chunk, threads, make } = curve.rows[0];
  const options = Object.entries({ chunk, threads, make }).filter(([, value]) => value !== undefined);
  return [
    `${curve.family.name} = ${operator}/${form}.${engine}`,
    ...options.map(([key, value]) => `${key}=${value}`),
  ].join(" ");
}

/** Cases that no curve can show. */
function omitted(groups: readonly Group[]): string {
  const rows = groups.flatMap(({ curves }) => curves.flatMap((curve) => curve.rows));
  const counts = (["rejected", "failed"] as const)
    .map((status) => ({ status, count: rows.filter((row) => row.status === status).length }))
    .filter(({ count }) => count > 0);
  const silent = rows.filter((row) => row.status === "skipped" && row.predictedNs === undefined).length;
  const parts = counts.map(({ status, count }) => `${plural(count, "case")} ${status}`);
  if (silent > 0) parts.push(`${plural(silent, "case")} skipped`);
  return parts.length === 0 ? "" : `Not drawn: ${parts.join(", ")} (see the table).`;
}

/** Breaks at spaces; a word longer than the width (an id) is broken where it must be. */
export function wrap(text: string, width: number, sizePx: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(" ")) {
    if (line !== "" && textWidth(`${line} ${word}`, sizePx) > width) {
      lines.push(line);
      line = "";
    }
    while (textWidth(word, sizePx) > width) {
      let cut = word.length;
      while (cut > 1 && textWidth(word.slice(0, cut), sizePx) > width) cut--;
      lines.push(word.slice(0, cut));
      word = word.slice(cut);
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
