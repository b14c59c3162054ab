/** Two values of one element: equal bit for bit where a form promises it, else within the bounds of the runs behind them. */
import { ROUNDOFF, type Rounding } from "../../impls/bound.js";
import { type AnyOperator, outputAxes, type Problem } from "../../impls/operator.js";
import { indexOf } from "../verify/compare.js";
import type { Subject } from "../verify/subject.js";
import type { AnyLaw } from "./law.js";

/** The arithmetic of the reference and of closed forms; a sum over the whole length, whatever the form. */
export function float64Rounding(length: number): Rounding {
  return { accumulate: ROUNDOFF.f64, storage: 0, roundings: 0, longestSum: length, decay: "segsum" };
}

export function promisesExactly(
  { name, exact }: Pick<AnyLaw, "name" | "exact">,
  { target }: Subject,
): boolean {
  const { form, bitwise, withinBounds } = target.impl;
  return exact.includes(form) && bitwise !== false && !withinBounds?.includes(name);
}

export interface Pair {
  readonly operator: AnyOperator;
  readonly problem: Problem;
  readonly output: string;
  readonly got: ArrayLike<number>;
  readonly wanted: (index: number) => number;
  /** Of one element; undefined demands equality (of values: 0 equals -0). */
  readonly tolerance: ((index: number) => number) | undefined;
  /** Elements to look at; all by default. */
  readonly only?: (index: number) => boolean;
  /** Of values on a circle. */
  readonly period?: number | undefined;
  /** What the two sides are, e.g. "after the future changed". */
  readonly what: string;
}

/** The first element that differs by more than it may, as a sentence. */
export function difference(pair: Pair): string | undefined {
  const { operator, problem, output, got, wanted, tolerance, only, period, what } = pair;
  for (let i = 0; i < got.length; i++) {
    if (only && !only(i)) continue;
    const want = wanted(i);
    if (got[i] === want) continue;
    const allowed = tolerance?.(i) ?? 0;
    const apart = Math.abs(got[i] - want);
    if (apart <= allowed || Math.abs(apart - (period ?? 0)) <= allowed) continue;
    const place = `${output}[${indexOf(operator, problem, output, i)}]`;
    const permitted = tolerance ? `may differ by ${allowed.toPrecision(3)}` : "must be equal bit for bit";
    return `${what}: ${place} is ${got[i]}, not ${want}; they ${permitted}`;
  }
  return undefined;
}

/** The index along one axis of an output's flat C-order index. */
export function axisIndex(
  operator: AnyOperator,
  problem: Problem,
  output: string,
  axis: string,
): (flat: number) => number {
  const axes = outputAxes(operator, problem, output);
  const at = axes.indexOf(axis);
  if (at < 0) return () => 0;
  const inner = axes.slice(at + 1).reduce((product, name) => product * problem.dims[name], 1);
  const size = problem.dims[axis];
  return (flat) => Math.floor(flat / inner) % size;
}
