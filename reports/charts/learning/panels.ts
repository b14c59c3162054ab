/** What charts of trainings share: points of seeds, axes, and the words below. */

import { formatNumber, formatSize } from "../../format.js";
import type { LearntCurve, LearntGroup } from "../../learning/curves.js";
import type { TrainingRow } from "../../rows/training.js";
import type { DrawnCurve, Quantity } from "../panel/drawn.js";
import { type Axis, linearAxis } from "../scale.js";

const plain = (value: number) => formatNumber(value, 3);

/** What a point's seeds span stands in the table and as its bar: a page calls an interval one of 95%. */
const unsaid = () => "";

export const ACCURACY: Quantity = {
  ...{ field: "accuracy", title: "Answers that are right", tick: plain, text: plain, interval: unsaid },
};
export const LOSS: Quantity = {
  ...{ field: "loss", title: "Loss of the test (nats)", tick: plain, text: plain, interval: unsaid },
};

/** From none to all. */
export const SHARE_AXIS: Axis = { ...linearAxis([1]), ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };

export function stepsAxis(curves: readonly LearntCurve[]): Axis {
  return {
    ...linearAxis(curves.flatMap(({ points }) => points.map(({ x }) => x))),
    name: (step) => formatNumber(step, 5),
  };
}

export function lossAxis(curves: readonly LearntCurve[]): Axis {
  return linearAxis(curves.flatMap(({ points }) => points.map(({ high }) => high)));
}

export function drawnLearning({ key, name, points }: LearntCurve): DrawnCurve {
  return {
    ...{ key, family: key, name, detail: "" },
    points: points.map(({ x, mean, low, high, rows }) => ({
      ...{ x, value: mean, low, high, measured: true, segment: 0, joined: true },
      about: rows.map(({ id }) => id).join(" and "),
    })),
  };
}

/** "length 256, 32 pairs · vocabulary 8K" */
export function taskWords({ length, pairs, vocabulary }: LearntGroup): string {
  const asked = pairs === undefined ? "" : `, ${pairs} pairs`;
  return `length ${formatSize(length)}${asked} · vocabulary ${formatSize(vocabulary)}`;
}

/** How it was run, for the caption. */
export function settingWords(rows: readonly TrainingRow[]): string {
  const all = (pick: (row: TrainingRow) => string | number) => [...new Set(rows.map(pick))].join(", ");
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const stopped = rows.filter(({ status }) => status === "stopped").length;
  return (
    `${all(({ layers }) => layers)} layers, batch ${all(({ batch }) => batch)}, up to ${all(({ steps }) => steps)} steps, ` +
    `learning rate ${all(({ rate }) => rate)}, ${seeds} seed${seeds === 1 ? "" : "s"}; ${all(({ engine }) => engine)} on ` +
    `${all(({ device }) => device)}.${stopped > 0 ? ` ${stopped} trainings were stopped by a loss that is no number.` : ""}`
  );
}
