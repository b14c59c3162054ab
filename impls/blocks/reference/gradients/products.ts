/** Products of a block backward on numbers that carry their errors: with a weight turned around, and for the weight. */
import type { AnyOperator, Problem } from "../../../operator.js";
import { inputReader } from "../../../operator.js";
import { WEIGHT_PERIOD } from "../../../random.js";
import { KINDS, normOf, round, type Sized, type SizedNorm, sized } from "./sized.js";

/** Numbers of a token that stand beside each other among others. */
export interface Columns {
  readonly of: Sized;
  readonly start: number;
  readonly count: number;
  /** Numbers of a token in `of`. */
  readonly stride: number;
}

export function wholeRows(of: Sized, stride: number): Columns {
  return { of, start: 0, count: stride, stride };
}

/** dv <- dv + W^T d for a weight (d.count, columns) of a problem, token by token. @throws where the problem has no such weight */
export function through(operator: AnyOperator, problem: Problem, name: string, d: Columns, dv: Sized): void {
  const source = problem.inputs[name]!;
  const reader = inputReader(operator, problem, name)!;
  const [rows, columns] = source.shape;
  const repeats = source.kind === "random" && source.distribution === "weight";
  const period = repeats ? Math.min(columns, WEIGHT_PERIOD) : columns;
  const W = new Float64Array(rows * period);
  const norms = new Float64Array(period);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < period; c++) {
      const w = reader.at(0, r * columns + c);
      W[r * period + c] = w;
      norms[c] += w * w;
    }
  const sums = new Float64Array(period);
  const tokens = dv.value.length / columns;
  for (let t = 0; t < tokens; t++) {
    const first = t * d.stride + d.start;
    const norm = normOf(d.of, first, rows);
    sums.fill(0);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < period; c++) sums[c] += W[r * period + c] * d.of.value[first + r];
    for (let c = 0, k = 0; c < columns; c++) {
      addSum(dv, t * columns + c, sums[k], Math.sqrt(norms[k]), norm, rows);
      if (++k === period) k = 0;
    }
  }
}

/** Errors walk through weights of both signs; four or fewer may all be on one side. */
function addSum(to: Sized, i: number, value: number, weight: number, of: SizedNorm, terms: number): void {
  const share = Math.sqrt(Math.min(terms, 4) / terms);
  const size = weight * of.value;
  to.value[i] += value;
  for (let k = 0; k < KINDS; k++) to.errors[k][i] += weight * of.errors[k] * (k === 1 || k === 3 ? share : 1);
  to.errors[0][i] += (terms + 2) * size;
  to.errors[1][i] = Math.hypot(to.errors[1][i], Math.sqrt(2 + terms / 64) * size);
  to.errors[2][i] += Math.abs(value);
  to.errors[3][i] = Math.hypot(to.errors[3][i], value);
}

/** Gradient of a weight (d.count, v.count): sums over all tokens, whose errors may hang together. */
export function weightGradient(d: Columns, v: Columns): Sized {
  const tokens = d.of.value.length / d.stride;
  const to = sized(d.count * v.count);
  for (let t = 0; t < tokens; t++)
    for (let r = 0; r < d.count; r++) {
      const g = d.of.value[t * d.stride + d.start + r];
      for (let c = 0, i = r * v.count, at = t * v.stride + v.start; c < v.count; c++)
        to.value[i++] += g * v.of.value[at++];
    }
  const normsD = normsOf(d, tokens);
  const normsV = normsOf(v, tokens);
  for (let r = 0, i = 0; r < d.count; r++)
    for (let c = 0; c < v.count; c++, i++) {
      const [a, b] = [normsD[r], normsV[c]];
      for (let k = 0; k < KINDS; k++) to.errors[k][i] = a.value * b.errors[k] + a.errors[k] * b.value;
      roundSum(to, i, tokens, a.value * b.value);
    }
  return to;
}

function normsOf({ of, start, count, stride }: Columns, tokens: number): SizedNorm[] {
  return Array.from({ length: count }, (_, i) => normOf(of, start + i, tokens, stride));
}

/** Sums of so many terms, whose partial sums may be as large as the whole on absolute terms. */
export function roundSum(to: Sized, i: number, terms: number, size: number): void {
  to.errors[0][i] += (terms + 2) * size;
  to.errors[1][i] = Math.hypot(to.errors[1][i], Math.sqrt(2 + terms / 3) * size);
  to.errors[2][i] += Math.abs(to.value[i]);
  to.errors[3][i] = Math.hypot(to.errors[3][i], to.value[i]);
}

/** Sums of columns over all tokens. */
export function columnSums({ of, start, count, stride }: Columns): Sized {
  const tokens = of.value.length / stride;
  const to = sized(count);
  const sizes = new Float64Array(count);
  for (let t = 0; t < tokens; t++)
    for (let c = 0, at = t * stride + start; c < count; c++, at++) {
      to.value[c] += of.value[at];
      sizes[c] += Math.abs(of.value[at]);
      for (let k = 0; k < KINDS; k++) to.errors[k][c] += of.errors[k][at];
    }
  for (let c = 0; c < count; c++) roundSum(to, c, tokens, sizes[c]);
  return to;
}

/** to <- to + from, each a rounding of its own. */
export function addAll(to: Sized, from: Sized): void {
  for (let i = 0; i < to.value.length; i++) {
    to.value[i] += from.value[i];
    for (let k = 0; k < KINDS; k++) to.errors[k][i] += from.errors[k][i];
    round(to, i, 1, Math.abs(to.value[i]));
  }
}
