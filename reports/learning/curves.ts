/** Trainings side by side: seeds of one model as one point, its learning rate chosen by its result, models over an axis as curves. */

import { groupBy } from "../analysis/series.js";
import type { TrainingRow } from "../rows/training.js";

/** What a point is of: trainings that differ in their seed alone. */
export interface LearntPoint {
  readonly x: number;
  readonly rows: readonly TrainingRow[];
  /** Of the measure over seeds. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface LearntCurve {
  readonly key: string;
  readonly name: string;
  readonly points: readonly LearntPoint[];
}

/** Trainings on one task, on one engine of one device. */
export interface LearntGroup {
  readonly suite: string;
  readonly engine: string;
  readonly device: string;
  readonly length: number;
  readonly pairs: number | undefined;
  readonly vocabulary: number;
  readonly batch: number;
  readonly layers: number;
  readonly rows: readonly TrainingRow[];
}

/** What a model is called, and the family whose colour it has. */
const NAMES: Readonly<Record<string, readonly [key: string, name: string]>> = {
  attention: ["attention", "Attention"],
  mamba1: ["scan", "Mamba-1"],
  mamba2: ["ssd", "Mamba-2"],
  linear: ["linear", "Linear attention"],
  hybrid: ["hybrid", "Hybrid"],
};
/** Mamba-2's own state is the one whose colour is SSD's. */
const USUAL_STATE = 64;

export function modelName({ model, state }: TrainingRow): { readonly key: string; readonly name: string } {
  const [key, name] = Object.hasOwn(NAMES, model) ? NAMES[model] : [model, model];
  if (state === undefined) return { key, name };
  return { key: state === USUAL_STATE ? key : `${key}-${state}`, name: `${name}, N = ${state}` };
}

export function learntGroups(trainings: readonly TrainingRow[]): LearntGroup[] {
  const of = ({ suite, engine, device, length, pairs, vocabulary, batch, layers }: TrainingRow) =>
    JSON.stringify([suite, engine, device, length, pairs, vocabulary, batch, layers]);
  return [...groupBy(trainings, of).values()].map((rows) => {
    const [{ suite, engine, device, length, pairs, vocabulary, batch, layers }] = rows;
    return { suite, engine, device, length, pairs, vocabulary, batch, layers, rows };
  });
}

/** A training's result; one that stopped has none, and stands for the worst there is. */
export function accuracyOf({ accuracy, status }: TrainingRow): number {
  return status === "trained" ? (accuracy ?? 0) : 0;
}

/** Of those that have one: a loss that is no number has no place on an axis. */
export function lossOf({ loss, status }: TrainingRow): number | undefined {
  return status === "trained" ? loss : undefined;
}

/** Accuracy over width, a curve a model; of several learning rates at a width the one with the highest mean. */
export function accuracyCurves({ rows }: LearntGroup): LearntCurve[] {
  return [...groupBy(rows, (row) => modelName(row).key).values()].map((own) => ({
    ...modelName(own[0]),
    points: over(own, ({ modelDim }) => modelDim).map(([x, atWidth]) => {
      const points = over(atWidth, ({ rate }) => rate).map(([, some]) => pointOf(x, some, accuracyOf));
      return points.reduce((best, one) => (one.mean > best.mean ? one : best));
    }),
  }));
}

/** Loss over the percentage of layers that attend. */
export function lossCurve({ rows }: LearntGroup): LearntCurve {
  const known = rows.filter((row) => lossOf(row) !== undefined && row.share !== undefined);
  const points = over(known, ({ share = 0 }) => share).map(([x, some]) =>
    pointOf(x, some, (row) => lossOf(row)!),
  );
  return { key: "ssd", name: "Mamba-2 with attention", points };
}

/** Rows with the same number, smallest first. */
function over(
  rows: readonly TrainingRow[],
  number: (row: TrainingRow) => number,
): [number, readonly TrainingRow[]][] {
  const groups = [...groupBy(rows, (row) => String(number(row))).values()];
  return groups
    .map((some): [number, readonly TrainingRow[]] => [number(some[0]), some])
    .sort(([a], [b]) => a - b);
}

function pointOf(
  x: number,
  rows: readonly TrainingRow[],
  measure: (row: TrainingRow) => number,
): LearntPoint {
  const values = rows.map(measure);
  return {
    ...{ x, rows },
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    low: Math.min(...values),
    high: Math.max(...values),
  };
}

/** How trainings went: mean over seeds of a measure at each step that all of them reached, a curve for each name. */
export function progressCurves(
  rows: readonly TrainingRow[],
  nameOf: (row: TrainingRow) => { readonly key: string; readonly name: string },
  measure: "accuracy" | "testLoss",
): LearntCurve[] {
  return [...groupBy(rows, (row) => nameOf(row).key).values()].map((own) => {
    const steps = [...new Set(own.flatMap(({ curve }) => curve.map(({ step }) => step)))].sort(
      (a, b) => a - b,
    );
    const points = steps.map((step): LearntPoint => {
      // a training that had nothing left to learn stays where it ended
      const values = own.flatMap(
        ({ curve }) => curve.findLast((point) => point.step <= step)?.[measure] ?? [],
      );
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { x: step, rows: own, mean, low: Math.min(...values), high: Math.max(...values) };
    });
    return { ...nameOf(own[0]), points };
  });
}
