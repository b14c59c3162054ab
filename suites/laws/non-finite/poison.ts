/** A problem with one element of one input that is not a number, or is without end. */
import * as fc from "fast-check";
import { operatorNamed } from "../../../impls/index.js";
import type { AnyOperator, Problem } from "../../../impls/operator.js";
import { elementCount } from "../../../impls/tensor.js";
import { type ProblemOptions, specs } from "../../problems/arbitrary.js";
import { linearInputs } from "../../problems/linear-input.js";
import type { Spec } from "../../problems/spec.js";
import { given, mapValues, withInputs } from "../edit.js";
import { coordinatesOf, documentRows } from "./places.js";
import type { Site } from "./reach.js";

export interface Poisoned {
  readonly spec: Spec;
  /** Which input, and which of its elements: numbers that are divided down. */
  readonly which: number;
  readonly where: number;
  readonly value: number;
}

/** @param values what may stand there */
export function poisoned(
  operator: AnyOperator,
  options: ProblemOptions,
  values: readonly number[],
): fc.Arbitrary<Poisoned> {
  return fc.record({
    spec: specs(operator, { ordinary: true, work: 20_000, ...options }),
    which: fc.nat(9999),
    where: fc.nat(999_999),
    value: fc.constantFrom(...values),
  });
}

/** Whether any number may stand in an input: documents are ids, and a long kernel that belongs to poles is what they say. */
export function isFree({ inputs }: Problem, name: string): boolean {
  if (["documents", "poles", "weights"].includes(name)) return false;
  return !(name === "K" && inputs.poles);
}

/** Every other time in what the map is linear in, which a mask multiplies; else in any input. */
export function siteOf(problem: Problem, { which, where }: Poisoned): Site {
  const { inputs } = problem;
  const names = Object.keys(inputs).filter((name) => inputs[name] && isFree(problem, name));
  const [main] = linearInputs(operatorNamed(problem.operator), {});
  const input = which % 2 === 0 && main !== undefined ? main : names[(which >> 1) % names.length];
  return { input, at: where % elementCount(inputs[input]!.shape) };
}

/** The same, before a border where a row has one: a document that comes later can only be reached from there. */
export function siteBeforeBorder(problem: Problem, one: Poisoned): Site {
  const { input, at } = siteOf(problem, one);
  const { axes, shape } = problem.inputs[input]!;
  const rows = documentRows(problem);
  const total = elementCount(shape);
  const isBefore = (flat: number) => {
    const { batch, length, context } = coordinatesOf(axes, shape, flat);
    const token = length ?? context;
    return batch === undefined || token === undefined || token < rows[batch].at(-1)!.start;
  };
  for (let step = 0; step < total; step++)
    if (isBefore((at + step) % total)) return { input, at: (at + step) % total };
  return { input, at };
}

export function withPoison<P extends Problem>(problem: P, { input, at }: Site, value: number): P {
  return withInputs(problem, {
    [input]: mapValues(given(problem, input), (kept, i) => (i === at ? value : kept)),
  });
}
