/** RMS norm backward on numbers that carry their errors: what an error of the root does to all of a group is taken at its largest. */
import type { Reader } from "../../../tensor.js";
import { addProduct, addScaled, KINDS, round, type Sized, sized } from "./sized.js";

/** Roundings of the root, and of what is made of it. */
const OWN = 15;

export interface NormBack {
  /** What was normed, and what comes back of weight x norm. */
  readonly x: Sized;
  readonly d: Sized;
  readonly start: number;
  readonly size: number;
  /** From where on in the weights. */
  readonly channel: number;
  readonly weight: Reader;
  readonly eps: number;
  /** (channels): each group's share is added, sizes in `sizes`. */
  readonly dWeight: Sized;
  readonly sizes: Float64Array;
}

/** Of one group. dx is added to `dx` from `at` on. @returns x / root of the group with its errors */
export function normBack(of: NormBack, dx: Sized, at: number): Sized {
  const { x, d, start, size, channel, weight, eps, dWeight, sizes } = of;
  const { inverse, moved } = rootOf(x, start, size, eps);
  const unit = sized(size);
  const q = sized(size);
  const along = sized(1);
  let alongSize = 0;
  for (let i = 0; i < size; i++) {
    addScaled(unit, i, inverse, x, start + i);
    shift(unit, i, moved, unit.value[i]);
    round(unit, i, OWN, Math.abs(unit.value[i]));
    const w = weight.at(0, channel + i);
    addScaled(q, i, w, d, start + i);
    round(q, i, 1, Math.abs(q.value[i]));
    sizes[channel + i] += addProduct(dWeight, channel + i, d, start + i, unit, i);
    alongSize += addProduct(along, 0, q, i, unit, i);
  }
  round(along, 0, size + 2, alongSize);
  const own = sized(1);
  for (let i = 0; i < size; i++) {
    own.value[0] = 0;
    for (const errors of own.errors) errors[0] = 0;
    addScaled(own, 0, inverse, q, i);
    const part = Math.abs(addProduct(own, 0, unit, i, scaled(along, -inverse / size), 0));
    const total = Math.abs(inverse * q.value[i]) + part;
    shift(own, 0, moved, total);
    round(own, 0, OWN, total);
    addScaled(dx, at + i, 1, own, 0);
  }
  return unit;
}

/** 1 / sqrt(mean(x^2) + eps), and how far each kind of error moves it, relative to it. */
function rootOf(x: Sized, start: number, size: number, eps: number) {
  let sum = 0;
  const sums = new Float64Array(KINDS);
  for (let i = start; i < start + size; i++) {
    sum += x.value[i] ** 2;
    for (let k = 0; k < KINDS; k++) sums[k] += Math.abs(x.value[i]) * x.errors[k][i];
  }
  const mean = sum / size + eps;
  const moved = sums.map((value) => value / size / mean);
  moved[0] += size / 2;
  moved[1] += Math.sqrt(size / 4);
  return { inverse: 1 / Math.sqrt(mean), moved };
}

function shift(of: Sized, i: number, moved: Float64Array, value: number): void {
  for (let k = 0; k < KINDS; k++) of.errors[k][i] += moved[k] * Math.abs(value);
}

function scaled(of: Sized, by: number): Sized {
  const to = sized(1);
  addScaled(to, 0, by, of, 0);
  return to;
}
