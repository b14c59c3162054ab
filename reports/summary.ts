/** A run as Markdown, for an issue, a pull request or a step summary: what it shows, a table a group of curves, claims, fairness. */

import { asksThePaper } from "./analysis/claims.js";
import { bestCurves, type Group, groupsOf } from "./analysis/curves.js";
import { fairnessMarkdown } from "./analysis/fairness.js";
import { findings } from "./analysis/findings.js";
import { groupBy, xKeyOf } from "./analysis/series.js";
import { claimsMarkdown } from "./claims.js";
import { formatDuration, formatSize } from "./format.js";
import { markdownTable } from "./markdown.js";
import type { Row, RunRecord } from "./rows/row.js";

export function runMarkdown(run: RunRecord, rows: readonly Row[]): string {
  const commits = [...new Set(rows.map(({ commit }) => commit.slice(0, 12)))].join(", ");
  const commands = (run.commands ?? [run.command]).map(
    (command) => `    ${command.replace(/[\r\n]+/g, " ")}`,
  );
  const sheet = fairnessMarkdown(rows);
  const lines = [
    "# dualbench",
    "",
    ...findings(rows).map((sentence) => `- ${sentence.replace(/</g, "&lt;")}`),
    "",
    `Commit ${commits}, ${run.startedUtc}:`,
    "",
    ...commands,
    ...[...groupBy(rows, (row) => row.suite)].flatMap(([suite, own]) => suiteTables(suite, own)),
    ...troubles(rows),
    ...(asksThePaper(rows) ? ["", claimsMarkdown(rows).trimEnd().replace(/^# /, "## ")] : []),
    ...(sheet.length > 0 ? ["", "## Fairness sheet", "", ...sheet] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function suiteTables(suite: string, rows: readonly Row[]): string[] {
  return groupsOf(rows, xKeyOf(suite, rows))
    .filter((group) => bestCurves(group).length > 0)
    .flatMap((group) => ["", `## ${title(suite, group)}`, "", ...groupTable(group)]);
}

function title(suite: string, { device, dtype, state, pass, cache }: Group): string {
  const words = [suite, device, dtype, state === undefined ? "" : `N = ${state}`, pass ?? "", cache ?? ""];
  return words
    .filter(Boolean)
    .join(", ")
    .replace(/[\r\n<]+/g, " ");
}

/** A line a curve, a column a size; extrapolated times in brackets. */
function groupTable(group: Group): string[] {
  const curves = bestCurves(group);
  const sizes = [...new Set(curves.flatMap(({ points }) => points.flatMap(({ x }) => x ?? [])))].sort(
    (a, b) => a - b,
  );
  const lines = curves.map(({ family, implementation, points }) => {
    const level = points.find(({ x }) => x === undefined);
    const cells = (sizes.length > 0 ? sizes : [undefined]).map((size) => {
      const point = points.find(({ x }) => x === size) ?? level;
      if (!point) return "";
      return point.measured ? formatDuration(point.ns) : `(${formatDuration(point.ns)})`;
    });
    return [family.name, implementation, ...cells];
  });
  const heads = sizes.length > 0 ? sizes.map((size) => `${group.xKey} ${formatSize(size)}`) : ["Time"];
  return markdownTable(["Curve", "Implementation", ...heads], lines);
}

function troubles(rows: readonly Row[]): string[] {
  const wrong = rows.filter(({ status }) => status === "rejected" || status === "failed");
  if (wrong.length === 0) return [];
  const lines = wrong.map(({ id, status, reason }) => [id, status, reason ?? ""]);
  return ["", "## Rejected and failed", "", ...markdownTable(["Case", "Status", "Reason"], lines)];
}
