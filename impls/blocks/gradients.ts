/** What the gradients of blocks share: of a whole sequence, from nothing before it or from a learnable state, for every weight. */
import { gradientOutputs, TRAINING, whenTraining } from "../gradients.js";
import type { AnyOperator, Problem } from "../operator.js";

/** Inputs of a block but for some. */
export function inputsWithout<I extends object, const Name extends keyof I>(
  inputs: I,
  names: readonly Name[],
): Omit<I, Name> {
  const kept = Object.entries(inputs).filter(([name]) => !(names as readonly PropertyKey[]).includes(name));
  return Object.fromEntries(kept) as Omit<I, Name>;
}

/** The cotangent of a block's output: of both signs, as behind a loss. */
export const cotangent = { axes: ["batch", "length", "modelDim"], random: "signed" } as const;

/** A gradient for each input, and the block's own output where the problem is one of training. */
export function blockGradients<
  const I extends Readonly<Record<string, { readonly axes: readonly string[]; readonly optional?: true }>>,
>(inputs: I) {
  return {
    ...gradientOutputs(inputs, Object.keys(inputs) as Extract<keyof I, string>[]),
    Y: whenTraining(cotangent.axes),
  };
}

export { TRAINING };

/** A block's problem without the cotangent: what the forward parts of a gradient ask of one. */
export function forwardProblem<Op extends AnyOperator>(operator: Op, problem: Problem): Problem<Op> {
  const inputs = Object.entries(problem.inputs).filter(([name]) => name in operator.inputs);
  const settings = Object.entries(problem.settings).filter(([name]) => name in operator.settings);
  return {
    ...problem,
    operator: operator.name,
    inputs: Object.fromEntries(inputs),
    settings: Object.fromEntries(settings),
  } as unknown as Problem<Op>;
}
