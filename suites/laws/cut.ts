/** Sequences cut in two, as laws of prefill and continuation take them. */
import * as fc from "fast-check";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";
import { type ProblemOptions, specs } from "../problems/arbitrary.js";
import type { Spec } from "../problems/spec.js";
import type { Run } from "../verify/subject.js";
import { alongAxis, range, take } from "./edit.js";
import { axisIndex } from "./hold.js";

export interface Cut {
  readonly spec: Spec;
  /** Tokens of the first part. */
  readonly first: number;
}

/** Ordinary problems, and where to cut each: after the first token at the earliest, before the last at the latest. */
export const cuts = (operator: AnyOperator, options: ProblemOptions = {}): fc.Arbitrary<Cut> =>
  fc
    .record({ spec: specs(operator, { ordinary: true, work: 20_000, ...options }), pick: fc.nat(9999) })
    .map(({ spec, pick }) => ({ spec, first: 1 + (pick % Math.max(1, spec.dims.length - 1)) }));

export const describeCut = ({ first }: Cut) => `cut after ${first} tokens`;

/** The tokens of a problem from one to before another. */
export function part(problem: Problem, from: number, to: number): Problem {
  return alongAxis(problem, ["length"], (source, axis) => take(source, axis, range(from, to)), {
    length: to - from,
  });
}

/** A part's final state, or another tensor of its shape, as what the next part starts from. */
export function stateTensor(
  operator: AnyOperator,
  { dims }: Problem,
  values: ArrayLike<number>,
): GivenTensor {
  const axes: readonly string[] = operator.outputs.finalState;
  return { kind: "given", axes, shape: axes.map((axis) => dims[axis]), data: Float64Array.from(values) };
}

/** Where an element of the whole's Y lies in the parts, by its index in C order. */
export function placeIn(
  operator: AnyOperator,
  whole: Run,
  first: number,
  [left, right]: readonly [Run, Run],
) {
  const { problem, values } = whole;
  const { batch, length } = problem.dims;
  const token = axisIndex(operator, problem, "Y", "length");
  const width = values.Y.length / (batch * length);
  return (i: number): { readonly run: Run; readonly at: number } => {
    const t = token(i);
    const row = Math.floor(i / (width * length));
    return t < first
      ? { run: left, at: (row * first + t) * width + (i % width) }
      : { run: right, at: (row * (length - first) + t - first) * width + (i % width) };
  };
}
