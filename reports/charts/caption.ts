/** Everything that someone else needs to repeat a chart, as plain lines. */

import { bestCurves, type Curve, type Group } from "../analysis/curves.js";
import { chunksOf } from "../analysis/series.js";
import { plural } from "../format.js";
import { keyWords, parseCaseId } from "../rows/case-id.js";
import type { Row, RunRecord } from "../rows/row.js";
import { textWidth } from "./font.js";

/** How to read it, what was held fixed, which implementation each curve is, and what repeats the run. */
export function caption(run: RunRecord, rows: readonly Row[], groups: readonly Group[]): string[] {
  const identities = groups.map((group) => bestCurves(group).map(identity).join("; "));
  const same = new Set(identities).size <= 1;
  return [
    ...[`${reading(groups.flatMap(bestCurves))} ${omitted(groups)}`.trim()].filter(Boolean),
    setting(groups),
    ...(same ? identities.slice(0, 1).map((text) => `Curves: ${text}.`) : []),
    ...(same ? [] : identities.map((text, i) => `Curves ${apart(groups, groups[i])}: ${text}.`)),
    origin(run, rows),
  ].filter((line) => line !== "Curves: .");
}

/** "Commit 0123456789ab, 2026-11-23T12:00:00Z. Repeat with: npm run bench"; a merger has as many commands as runs. */
export function origin(
  { startedUtc, command, commands }: RunRecord,
  rows: readonly Pick<Row, "commit">[],
): string {
  const commits = [...new Set(rows.map((row) => row.commit.replace(/^([0-9a-f]{12})[0-9a-f]*/, "$1")))];
  const from = `${commits.length > 1 ? "Commits" : "Commit"} ${commits.join(", ") || "unknown"}`;
  const when = startedUtc.replace(/\.\d+Z$/, "Z");
  return commands
    ? `${from}, from ${when} on: ${commands.length} commands merged; report.html has each case's own.`
    : `${from}, ${when}. Repeat with: ${command}`;
}

/** What tells a group from the others of a figure: its axis, and in what else it differs from those over the same one. */
function apart(groups: readonly Group[], group: Group): string {
  const { xKey, device, dtype, pass, cache, state } = group;
  const beside = groups.filter((other) => other.xKey === xKey);
  const differ = (key: keyof Group) => new Set(beside.map((other) => other[key])).size > 1;
  const words = [
    beside.length < groups.length && `over ${xKey}`,
    differ("device") && `on ${device}`,
    differ("dtype") && dtype,
    differ("pass") && `${pass ?? "forward"} pass`,
    differ("cache") && `${cache ?? "warm"} cache`,
    differ("state") && state !== undefined && `N = ${state}`,
  ].filter(Boolean);
  return words.length > 0 ? words.join(", ") : `on ${device}, ${dtype}`;
}

function reading(curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const clocks = new Set(points.flatMap(({ row }) => (row.status === "measured" ? [row.clock] : [])));
  const clock = clocks.size === 0 ? "" : `; ${[...clocks].join(" and ")} clock`;
  const passes = [...new Set(points.map(({ row }) => row.pass ?? "forward"))].sort();
  const measured = `Median time of one ${passes.join(" or ")} pass${clock}; bands: 95% confidence interval of the median.`;
  const hollow = "Hollow points and dotted lines are extrapolated from smaller sizes, not measured.";
  if (points.length === 0) return "";
  return points.some((point) => !point.measured) ? `${measured} ${hollow}` : measured;
}

/** What all groups have in common once, then what each holds fixed. */
function setting(groups: readonly Group[]): string {
  const parts = groups.map(fixed);
  const common = parts[0]?.filter((part) => parts.every((other) => other.includes(part))) ?? [];
  const rest = parts.map((own, i) => {
    const told = apart(groups, groups[i]).split(", ");
    return own
      .filter((part) => !common.includes(part) && !told.some((word) => saysAgain(part, word)))
      .join(", ");
  });
  const differing = rest.flatMap((text, i) => (text === "" ? [] : [`${apart(groups, groups[i])}: ${text}`]));
  return `${[...common, ...(groups.length > 1 ? differing : [])].join("; ")}.`;
}

/** Whether a part of the setting is what already tells its group from the others. */
function saysAgain(part: string, word: string): boolean {
  return [
    `Device: ${word.slice("on ".length)}`,
    `dtype ${word}`,
    `state ${word.slice("N = ".length)}`,
    word,
  ].includes(part);
}

/** "Device: AMD EPYC 7R13", "dtype f32", "batch 1", "width 1024 (16 heads x 64)", "state 64" */
function fixed({ device, dtype, batch, heads, headDim, state, length, cache, xKey }: Group): string[] {
  return [
    `Device: ${device}`,
    `dtype ${dtype}`,
    batch === undefined ? undefined : `batch ${batch}`,
    heads === undefined
      ? `head size ${headDim}`
      : `width ${heads * headDim} (${plural(heads, "head")} x ${headDim})`,
    length === undefined ? undefined : `length ${length}`,
    state === undefined || xKey === "state" ? undefined : `state ${state}`,
    cache === undefined ? undefined : `${cache} cache`,
  ].filter((part) => part !== undefined);
}

/** "SSD = ssd/chunked.wasm chunk=8 threads=2": name, implementation, options. */
function identity(curve: Curve): string {
  const { id, threads, make } = curve.rows[0];
  const chunk = chunksOf(curve.rows);
  const { name, keys } = parseCaseId(id);
  const options = Object.entries({ chunk, threads, make, device: keys.get("device") }).flatMap(
    ([key, value]) => (value === undefined ? [] : [[key, value] as const]),
  );
  return [`${curve.family.name} = ${name}`, ...keyWords(options)].join(" ");
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
