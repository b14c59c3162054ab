/** Outputs held to the truth: the element with the largest error over bound, and anything that is not a number. */
import { boundAt, ROUNDOFF, type Rounding } from "../../impls/bound.js";
import { gatherLane, laneTotal, laneView } from "../../impls/lanes.js";
import {
  type AnyOperator,
  type Lane,
  type LaneReference,
  outputSize,
  type Problem,
  shapeOf,
} from "../../impls/operator.js";

/** Values of all outputs in C order. */
export type OutputValues = Readonly<Record<string, ArrayLike<number>>>;

/** The float64 reference of a problem on some or all of its lanes. */
export interface Truth {
  readonly operator: AnyOperator;
  readonly problem: Problem;
  readonly references: readonly LaneReference[];
}

/** One element of an output, worst of its kind. */
export interface Element {
  readonly output: string;
  /** Index along every axis of the output; for a projection the projected axis reads `sum`. */
  readonly index: string;
  readonly got: number;
  readonly wanted: number;
  readonly error: number;
  readonly certified: number;
  readonly probable: number;
  /** u * scale of this element. */
  readonly unit: number;
}

export interface Verdict {
  readonly ok: boolean;
  /** Largest error / certified bound. */
  readonly ratio: number;
  /** Largest error / probable bound. */
  readonly probableRatio: number;
  /** The element behind `ratio`. */
  readonly worst: Element;
  /** The element behind `probableRatio`. */
  readonly probableWorst: Element;
}

export function allLanes(operator: AnyOperator, problem: Problem): Lane[] {
  return Array.from({ length: laneTotal(operator, problem) }, (_, index) => ({ kind: "element", index }));
}

export function truthOf(operator: AnyOperator, problem: Problem, lanes?: readonly Lane[]): Truth {
  const references = [...operator.reference(problem, lanes ?? allLanes(operator, problem))];
  return { operator, problem, references: references as LaneReference[] };
}

/** Error over bound; equal values (infinities too) have none, anything that is not a number has no bound. */
function ratioOf(error: number, bound: number): number {
  if (error === 0) return 0;
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / bound;
}

export function compare(truth: Truth, rounding: Rounding, outputs: OutputValues): Verdict {
  const { operator, problem, references } = truth;
  let worst: Element | undefined;
  let probableWorst: Element | undefined;
  let ratio = -1;
  let probableRatio = -1;
  for (const { lane, outputs: bounds } of references) {
    for (const [output, bound] of Object.entries(bounds)) {
      const view = laneView(operator, problem, output, lane);
      const values = gatherLane(outputs[output], view);
      for (let i = 0; i < values.length; i++) {
        const got = values[i];
        const wanted = bound.value[i];
        const error = Object.is(got, wanted) ? 0 : Math.abs(got - wanted);
        const { certified, probable, unit } = boundAt(bound, i, rounding);
        const element = (): Element => ({
          output,
          index: indexOf(operator, problem, output, view.offset + i * view.stride, view.projected),
          got,
          wanted,
          error,
          certified,
          probable,
          unit,
        });
        if (ratioOf(error, certified) > ratio) {
          ratio = ratioOf(error, certified);
          worst = element();
        }
        if (ratioOf(error, probable) > probableRatio) {
          probableRatio = ratioOf(error, probable);
          probableWorst = element();
        }
      }
    }
  }
  const stray = nonFiniteElement(operator, problem, outputs, references.length);
  if (stray)
    return { ok: false, ratio: Infinity, probableRatio: Infinity, worst: stray, probableWorst: stray };
  if (!worst || !probableWorst) throw new Error(`${operator.name}: no lane of the outputs was compared`);
  return { ok: ratio <= 1, ratio, probableRatio, worst, probableWorst };
}

/** First element that is not finite among those that no lane covers: every element of every output is looked at. */
function nonFiniteElement(
  operator: AnyOperator,
  problem: Problem,
  outputs: OutputValues,
  lanesCompared: number,
): Element | undefined {
  if (lanesCompared === laneTotal(operator, problem)) return undefined;
  for (const [output, values] of Object.entries(outputs)) {
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      const index = indexOf(operator, problem, output, i, false);
      return { output, index, got: values[i], wanted: NaN, error: NaN, certified: 0, probable: 0, unit: 0 };
    }
  }
  return undefined;
}

/** `batch=0 length=3 heads=1` of a flat C-order index. */
export function indexOf(
  operator: AnyOperator,
  problem: Problem,
  output: string,
  flat: number,
  projected: boolean,
): string {
  const axes: readonly string[] = operator.outputs[output];
  const shape = shapeOf(axes, problem.dims);
  const words: string[] = [];
  for (let a = axes.length - 1, rest = flat; a >= 0; rest = Math.floor(rest / shape[a]), a--) {
    const summed = projected && axes[a] === operator.projection?.axis;
    words.unshift(`${axes[a]}=${summed ? "sum" : rest % shape[a]}`);
  }
  return words.join(" ");
}

/** `Y[length=3 heads=1]: got 1.5, wanted 1.25, error 3.1e5 u, bound 12 u`, u being the roundoff times the element's scale. */
export function describeElement(element: Element, rounding: Rounding): string {
  const { output, index, got, wanted, error, certified, unit } = element;
  const inU = (value: number) => (unit > 0 ? `${(value / unit).toPrecision(3)} u` : value.toPrecision(3));
  const roundoff = `u = 2^${Math.log2(Math.max(rounding.accumulate, ROUNDOFF.f32))} x scale`;
  return `${output}[${index}]: got ${got}, wanted ${wanted}, error ${inU(error)}, bound ${inU(certified)} (${roundoff})`;
}

/** Every element's value, certified bound and scale in C order: what a law compares two runs by. Lanes must cover everything. */
export function boundArrays(truth: Truth, rounding: Rounding): Record<string, BoundArray> {
  const { operator, problem, references } = truth;
  const result: Record<string, BoundArray> = {};
  for (const output of Object.keys(operator.outputs)) {
    const size = outputSize(operator, problem, output);
    result[output] = { value: new Float64Array(size), certified: new Float64Array(size) };
  }
  for (const { lane, outputs } of references) {
    for (const [output, bounds] of Object.entries(outputs)) {
      const { offset, stride } = laneView(operator, problem, output, lane);
      const target = result[output];
      for (let i = 0; i < bounds.value.length; i++) {
        target.value[offset + i * stride] = bounds.value[i];
        target.certified[offset + i * stride] = boundAt(bounds, i, rounding).certified;
      }
    }
  }
  return result;
}

export interface BoundArray {
  readonly value: Float64Array;
  readonly certified: Float64Array;
}
