/**
 * A decode step is the forward map over one token, from one state to the next. So its problems are problems of the forward operator with
 * a length of 1, and the forward kernels, which have paths of their own for a few tokens, compute it.
 */
import type { EngineName } from "../engines/index.js";
import type { Implementation, PreparedOn } from "../implementation.js";
import type { AnyOperator, Problem } from "../operator.js";
import { rewriteInputs } from "../prepared.js";
import type { TensorSource } from "../tensor.js";

/** The same tensors with an axis of one token, and without the dim `context`, which a state makes nothing of. */
export function forwardProblem<Forward extends AnyOperator>(
  forward: Forward,
  { dims, inputs, ...rest }: Problem,
): Problem<Forward> {
  const { context: _, ...sizes } = dims as Readonly<Record<string, number>>;
  const given = Object.entries(inputs).map(([name, source]) => [
    name,
    source && withToken(source, forward.inputs[name].axes),
  ]);
  return {
    ...rest,
    operator: forward.name,
    dims: { ...sizes, length: 1 },
    inputs: Object.fromEntries(given),
  } as Problem as Problem<Forward>;
}

/** @param axes those that the forward operator gives the tensor */
function withToken(source: TensorSource, axes: readonly string[]): TensorSource {
  if (source.axes[0] !== "batch" || axes[1] !== "length") return source;
  const [batch, ...rest] = source.shape;
  return { ...source, axes: ["batch", "length", ...source.axes.slice(1)], shape: [batch, 1, ...rest] };
}

/** @param impl of the forward operator, whose prepared problems have no members but their own */
export function oneToken<Step extends AnyOperator, Forward extends AnyOperator, E extends EngineName>(
  step: Step,
  impl: Implementation<Forward, E>,
): Implementation<Step, E> {
  const forward = (problem: Problem<Step>) => forwardProblem(impl.operator, problem as Problem);
  const { options, unsupported, cost, timed, form, engine, source } = impl;
  const { takes, dtypes, withinBounds, bitwise, nonFinite, absent, grain } = impl;
  return {
    ...{ operator: step, form, engine, source: `${source}, one token` },
    ...(takes && { takes }),
    ...(dtypes && { dtypes }),
    ...(withinBounds && { withinBounds }),
    ...(bitwise !== undefined && { bitwise }),
    ...(nonFinite && { nonFinite }),
    ...(absent && { absent }),
    ...(grain && { grain }),
    ...(options && { options: (problem, opened) => options(forward(problem), opened) }),
    ...(unsupported && {
      unsupported: (problem, chosen, opened) => unsupported(forward(problem), chosen, opened),
    }),
    ...(cost && { cost: (problem, chosen) => cost(forward(problem), chosen) }),
    ...(timed && { timed: (problem, chosen) => timed(forward(problem), chosen) }),
    rounding: (problem, chosen) => impl.rounding(forward(problem), chosen),
    async prepare(opened, problem, chosen) {
      const prepared = await impl.prepare(opened, forward(problem), chosen);
      const rewrite = prepared[rewriteInputs];
      return {
        ...prepared,
        // outputs have the names and places that the step gives them
        ...(rewrite && { [rewriteInputs]: (next: Problem) => rewrite(forward(next as Problem<Step>)) }),
      } as PreparedOn<Step, E>;
    },
  };
}
