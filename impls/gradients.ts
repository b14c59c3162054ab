/**
 * What the gradient operators share. Each takes the inputs of the map that it differentiates, as that map declares them, and cotangents of
 * its outputs, and gives a gradient for each input that a problem has.
 */
import {
  type AnyOperator,
  inputDtype,
  isF32Output,
  outputNames,
  outputSize,
  type Problem,
} from "./operator.js";
import { elementCount } from "./tensor.js";

interface DifferentiatedInput {
  readonly axes: readonly string[];
  readonly optional?: true;
}

/** The gradient of an input: there where the problem has the input, in the layout that it comes in. */
type GradientOf<Input extends DifferentiatedInput, Name extends string> = {
  readonly axes: Input["axes"];
  readonly gradientOf: Name;
} & (Input["optional"] extends true ? { readonly optional: true } : unknown);

/** Outputs `d` + name for the named inputs of a map. */
export function gradientOutputs<
  const I extends Readonly<Record<string, DifferentiatedInput>>,
  const Name extends Extract<keyof I, string>,
>(inputs: I, names: readonly Name[]): { readonly [K in Name as `d${K}`]: GradientOf<I[K], K> } {
  const outputs = names.map((name) => {
    const { axes, optional } = inputs[name];
    return [`d${name}`, { axes, gradientOf: name, ...(optional ? { optional } : {}) }];
  });
  return Object.fromEntries(outputs) as never;
}

/** Setting of every gradient operator: the map's own outputs too, computed in the same run, forward and then backward. */
export const TRAINING = { training: false as boolean };

/** An output of the map itself, which a training pass gives as well. */
export function whenTraining<const A extends readonly string[]>(axes: A) {
  return { axes, setting: "training", optional: true } as const;
}

/** Every input read once, every output written once. */
export function leastBytes(operator: AnyOperator, problem: Problem): number {
  const wide = (isF32: boolean) => (isF32 || problem.dtype === "f32" ? 4 : 2);
  const inputs = Object.entries(problem.inputs).map(([name, source]) =>
    source ? elementCount(source.shape) * wide(inputDtype(operator, problem, name) === "f32") : 0,
  );
  const outputs = outputNames(operator, problem).map(
    (name) => outputSize(operator, problem, name) * wide(isF32Output(operator, problem, name)),
  );
  return [...inputs, ...outputs].reduce((sum, bytes) => sum + bytes, 0);
}
