/** Outputs held to the truth: the element with the largest error over bound, and anything that is not a number. */
import { type Bounds, boundAt, errorAt, ROUNDOFF, type Rounding } from "../../impls/bound.js";
import { type LaneView, laneTotal, laneViewer } from "../../impls/lanes.js";
import {
  type AnyOperator,
  type Lane,
  type LaneReference,
  outputAxes,
  outputNames,
  outputSize,
  type Problem,
  shapeOf,
} from "../../impls/operator.js";
import { overflowOf } from "../check/overflow.js";
import { isSameProblem } from "./same-problem.js";

/** Values of all outputs in C order. */
export type OutputValues = Readonly<Record<string, ArrayLike<number>>>;

/** The float64 reference of a problem on all of its lanes. */
export interface Truth {
  readonly operator: AnyOperator;
  readonly problem: Problem;
  readonly references: readonly LaneReference[];
}

/** One element of an output, worst of its kind. */
export interface Element {
  readonly output: string;
  /** Index along every axis of the output. */
  readonly index: string;
  readonly got: number;
  readonly wanted: number;
  readonly error: number;
  readonly certified: number;
  readonly probable: number;
  /** u * scale of this element. */
  readonly unit: number;
  /** Where the true value is beyond what it is stored in: a sentence. */
  readonly overflow?: string | undefined;
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

const truths = new WeakMap<Problem, Truth>();

/** Laws make their second problem anew for every implementation: so many truths are looked through before one is computed. */
const REMEMBERED = 16;
const recent: Truth[] = [];

/**
 * All lanes: problems of `verify` are small enough to look at every element of every output. Computed once a problem, however many
 * implementations are held against it, and however many of them make it for themselves.
 */
export function truthOf(operator: AnyOperator, problem: Problem): Truth {
  const truth = truths.get(problem) ?? recalled(operator, problem) ?? makeTruth(operator, problem);
  truths.set(problem, truth);
  return truth;
}

function recalled(operator: AnyOperator, problem: Problem): Truth | undefined {
  return recent.find((truth) => truth.operator === operator && isSameProblem(truth.problem, problem));
}

function makeTruth(operator: AnyOperator, problem: Problem): Truth {
  const lanes: Lane[] = Array.from({ length: laneTotal(operator, problem) }, (_, index) => ({
    kind: "element",
    index,
  }));
  const truth = { operator, problem, references: [...operator.reference(problem, lanes)] as LaneReference[] };
  recent.unshift(truth);
  recent.length = Math.min(recent.length, REMEMBERED);
  return truth;
}

/** Every element of one output in C order. */
export interface BoundArray {
  readonly value: Float64Array;
  readonly certified: Float64Array;
  readonly probable: Float64Array;
  /** u * scale */
  readonly unit: Float64Array;
  /** Where the values lie on a circle. */
  readonly period?: Float64Array;
}

/** Implementations that round alike share their bounds. */
const known = new WeakMap<Truth, Map<string, Record<string, BoundArray>>>();

/** Values and bounds of every element for an implementation that rounds as declared. */
export function boundArrays(truth: Truth, rounding: Rounding): Readonly<Record<string, BoundArray>> {
  const mine = known.get(truth) ?? new Map<string, Record<string, BoundArray>>();
  known.set(truth, mine);
  const key = JSON.stringify(rounding);
  const result = mine.get(key) ?? makeBoundArrays(truth, rounding);
  mine.set(key, result);
  return result;
}

/** One output of one lane, and where its elements lie. */
interface Piece {
  readonly output: string;
  readonly bounds: Bounds;
  readonly view: LaneView;
}

const pieces = new WeakMap<Truth, readonly Piece[]>();

function piecesOf(truth: Truth): readonly Piece[] {
  const { operator, problem, references } = truth;
  const known = pieces.get(truth);
  if (known) return known;
  const names = Object.keys(references[0]?.outputs ?? {});
  const all = names.flatMap((output) => {
    const viewOf = laneViewer(operator, problem, output, "element");
    return references.map(({ lane, outputs }): Piece => {
      return { output, bounds: outputs[output], view: viewOf(lane) };
    });
  });
  pieces.set(truth, all);
  return all;
}

function makeBoundArrays(truth: Truth, rounding: Rounding): Record<string, BoundArray> {
  const { operator, problem, references } = truth;
  const result: Record<string, BoundArray> = {};
  for (const output of outputNames(operator, problem as Problem)) {
    const array = () => new Float64Array(outputSize(operator, problem, output));
    const circle = references[0]?.outputs[output].period ? { period: array() } : {};
    result[output] = { value: array(), certified: array(), probable: array(), unit: array(), ...circle };
  }
  for (const { output, bounds, view } of piecesOf(truth)) fill(result[output], bounds, view, rounding);
  return result;
}

function fill(
  { value, certified, probable, unit, period }: BoundArray,
  bounds: Bounds,
  { offset, run, stride, runStride, count }: LaneView,
  rounding: Rounding,
): void {
  for (let i = 0, first = offset; i < count; first += runStride)
    for (let q = 0, place = first; q < run; q++, i++, place += stride) {
      const bound = boundAt(bounds, i, rounding);
      value[place] = bounds.value[i];
      certified[place] = bound.certified;
      probable[place] = bound.probable;
      unit[place] = bound.unit;
      if (period) period[place] = bounds.period![i];
    }
}

/** Error over bound; equal values (infinities too) have none, anything that is not a number has no bound. */
function ratioOf(error: number, bound: number): number {
  if (error === 0) return 0;
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / bound;
}

/** The element with the largest error over its certified and over its probable bound. */
export function compare(truth: Truth, rounding: Rounding, outputs: OutputValues): Verdict {
  const { operator, problem } = truth;
  const arrays = boundArrays(truth, rounding);
  let certifiedWorst = { ratio: -1, output: "", index: 0 };
  let probableWorst = { ratio: -1, output: "", index: 0 };
  for (const output of Object.keys(arrays)) {
    const { value, certified, probable } = arrays[output];
    const got = outputs[output];
    for (let i = 0; i < value.length; i++) {
      const error = got[i] === value[i] ? 0 : errorAt(arrays[output], i, got[i]);
      const ratio = ratioOf(error, certified[i]);
      if (ratio > certifiedWorst.ratio) certifiedWorst = { ratio, output, index: i };
      const likely = ratioOf(error, probable[i]);
      if (likely > probableWorst.ratio) probableWorst = { ratio: likely, output, index: i };
    }
  }
  const element = ({ output, index }: typeof certifiedWorst): Element => {
    const { value, certified, probable, unit } = arrays[output];
    return {
      output,
      index: indexOf(operator, problem, output, index),
      got: outputs[output][index],
      wanted: value[index],
      error: errorAt(arrays[output], index, outputs[output][index]),
      certified: certified[index],
      probable: probable[index],
      unit: unit[index],
      overflow: overflowOf(operator, problem, output, value[index]),
    };
  };
  return {
    ok: certifiedWorst.ratio <= 1,
    ratio: certifiedWorst.ratio,
    probableRatio: probableWorst.ratio,
    worst: element(certifiedWorst),
    probableWorst: element(probableWorst),
  };
}

/** `batch=0 length=3 heads=1` of a flat C-order index. */
export function indexOf(operator: AnyOperator, problem: Problem, output: string, flat: number): string {
  const axes = outputAxes(operator, problem, output);
  const shape = shapeOf(axes, problem.dims);
  const words: string[] = [];
  for (let a = axes.length - 1, rest = flat; a >= 0; rest = Math.floor(rest / shape[a]), a--)
    words.unshift(`${axes[a]}=${rest % shape[a]}`);
  return words.join(" ");
}

/** `Y[length=3 heads=1]: got 1.5, wanted 1.25, error 3.1e5 u, bound 12 u`, u being the roundoff times the element's scale. */
export function describeElement(element: Element, rounding: Rounding): string {
  const { output, index, got, wanted, error, certified, unit, overflow } = element;
  const inU = (value: number) => (unit > 0 ? `${(value / unit).toPrecision(3)} u` : value.toPrecision(3));
  const roundoff = `u = 2^${Math.log2(Math.max(rounding.accumulate, ROUNDOFF.f32))} x scale`;
  const said = `${output}[${index}]: got ${got}, wanted ${wanted}, error ${inU(error)}, bound ${inU(certified)} (${roundoff})`;
  return overflow === undefined ? said : `${said}; ${overflow}`;
}
