/** The order of models in words and numbers: a line a model and width, best first, with the span of its seeds. */

import { formatDuration } from "../format.js";
import type { TrainingRow } from "../rows/training.js";
import { accuracyCurves, type LearntGroup, type LearntPoint, learntGroups, lossCurve } from "./curves.js";

/** What a table of trainings has: texts, in the order of the results. */
export interface LearntTable {
  readonly title: string;
  readonly heads: readonly string[];
  readonly lines: readonly (readonly string[])[];
  /** Columns from here on are numbers. */
  readonly numericFrom: number;
}

const HEADS = ["Mean", "Least", "Most", "Seeds", "Rate", "Parameters", "Step"];

export function learntTables(rows: readonly TrainingRow[]): LearntTable[] {
  return learntGroups(rows).map((group) =>
    group.pairs === undefined ? shareTable(group) : recallTable(group),
  );
}

function recallTable(group: LearntGroup): LearntTable {
  const points = accuracyCurves(group).flatMap(({ name, points }) =>
    points.map((point) => ({ name, point })),
  );
  const best = points.toSorted((a, b) => a.point.x - b.point.x || b.point.mean - a.point.mean);
  return {
    title: `Recall at length ${group.length}, ${group.pairs} pairs, vocabulary ${group.vocabulary}: share of right answers`,
    heads: ["Width", "Model", ...HEADS],
    lines: best.map(({ name, point }) => [String(point.x), name, ...numbers(point)]),
    numericFrom: 2,
  };
}

function shareTable(group: LearntGroup): LearntTable {
  return {
    title: `Loss on a generated language at length ${group.length}, ${group.layers} layers, in nats`,
    heads: ["Layers that attend", ...HEADS],
    lines: lossCurve(group).points.map((point) => [`${point.x}%`, ...numbers(point)]),
    numericFrom: 1,
  };
}

function numbers({ mean, low, high, rows }: LearntPoint): string[] {
  const [{ rate, parameters }] = rows;
  const stepNs = rows.reduce((sum, row) => sum + row.stepNs, 0) / rows.length;
  const three = [mean, low, high].map((value) => value.toFixed(3));
  return [...three, String(rows.length), String(rate), String(parameters), formatDuration(stepNs)];
}

/** Tables for a terminal, and a sentence for each training that was stopped. */
export function learntLines(rows: readonly TrainingRow[]): string[] {
  const tables = learntTables(rows).flatMap(({ title, heads, lines, numericFrom }) => {
    const all = [heads, ...lines];
    const widths = heads.map((_, i) => Math.max(...all.map((cells) => cells[i].length)));
    const aligned = all.map((cells) =>
      cells
        .map((cell, i) => (i >= numericFrom ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join("  ")
        .trimEnd(),
    );
    return [title, ...aligned, ""];
  });
  return [...tables, ...stoppedSentences(rows)];
}

export function stoppedSentences(rows: readonly TrainingRow[]): string[] {
  return rows
    .filter(({ status }) => status === "stopped")
    .map(({ id, reason }) => `${id} was stopped: ${reason}`);
}
