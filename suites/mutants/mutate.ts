/**
 * Planted bugs: a healthy implementation whose problem or outputs are changed on the way, so that each mutant is one small, readable
 * mistake. `npm run verify -- --impl suites/mutants/<name>.ts` must end with exit code 1; test/suites/mutants/index.test.ts runs them all.
 */
import type { CpuEngine } from "../../impls/engines/cpu.js";
import type { Implementation } from "../../impls/implementation.js";
import { type AnyOperator, inputReader, type Problem } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";

export interface Change<Op extends AnyOperator> {
  /** What the wrong kernel computes on, in place of the problem. */
  problem?(problem: Problem<Op>): Problem;
  /** Spoils the outputs after a healthy run; called once, returns what runs each time. */
  spoil?(
    engine: CpuEngine,
    problem: Problem<Op>,
    outputs: Record<string, Float32Array>,
  ): Spoiler | Promise<Spoiler>;
}

type Spoiler = () => void;

/** The base with a mistake; it keeps the base's form, bound and engine, and is told apart by `make`. */
export function mutate<Op extends AnyOperator>(
  base: Implementation<Op, "cpu">,
  make: string,
  change: Change<Op>,
): Implementation<Op, "cpu"> {
  return {
    ...base,
    source: `a planted bug: ${make}`,
    options: () => [{ make }],
    async prepare(engine, problem, options) {
      const wrong = (change.problem?.(problem) ?? problem) as Problem<Op>;
      const prepared = await base.prepare(engine, wrong, options);
      const outputs = (await prepared.read()) as Record<string, Float32Array>;
      const spoil = await change.spoil?.(engine, problem, outputs);
      return {
        ...prepared,
        run: () => {
          prepared.run();
          spoil?.();
        },
      };
    },
  };
}

/** Values of an input as a tensor that can be edited, rounded as the implementation would see them. */
export function materialise(operator: AnyOperator, problem: Problem, name: string): GivenTensor {
  const source = problem.inputs[name];
  const reader = inputReader(operator, problem, name);
  if (!source || !reader) throw new Error(`${operator.name}: the problem has no ${name}`);
  const { rows, cols } = reader;
  const data = Float64Array.from({ length: rows * cols }, (_, i) =>
    reader.at(Math.floor(i / cols), i % cols),
  );
  return { kind: "given", axes: source.axes, shape: source.shape, data };
}

/** The problem with all of its inputs so. */
export function given<Op extends AnyOperator>(operator: Op, problem: Problem<Op>): Problem<Op> {
  const present = Object.keys(problem.inputs).filter((name) => (problem as Problem).inputs[name]);
  const inputs = present.map((name) => [name, materialise(operator, problem as Problem, name)]);
  return { ...problem, inputs: Object.fromEntries(inputs) };
}

/** The same problem with one input replaced. */
export function withInput(problem: Problem, name: string, tensor: GivenTensor | undefined): Problem {
  return { ...problem, inputs: { ...problem.inputs, [name]: tensor } };
}
