import * as fc from "fast-check";
import { operators } from "../../impls/index.js";
import { outputAxes, outputNames, shapeOf } from "../../impls/operator.js";
import { specs } from "../problems/arbitrary.js";
import { alongAxis, range, take } from "./edit.js";
import { difference, promisesExactly } from "./hold.js";
import { defineLaw, EVERY_FORM, HOLDS, violated } from "./law.js";

const BATCH = "batch" as const;

/** Reversing the heads reverses their groups with them, so that every head still reads its own B and C (keys and values). */
export const permutation = defineLaw({
  name: "permutation",
  states: "heads (with their groups) or batches in reverse order give their outputs in reverse order",
  source: "arXiv 2405.21060, section 7.1: heads and batches are independent maps",
  operators,
  // heads of one group are normed together: their sum is made in another order
  exact: EVERY_FORM.filter((form) => form !== "fused"),
  cases: (operator) =>
    fc.record({
      spec: specs(operator, { ordinary: true, work: 20_000 }),
      // a block's projections mix its heads
      axis: "outProj" in operator.inputs ? fc.constant(BATCH) : fc.constantFrom("heads" as const, BATCH),
    }),
  describe: ({ axis }) => `${axis} reversed`,
  async holds({ spec, axis }, subject) {
    const { operator } = subject.target.impl;
    if (spec.dims[axis] < 2) return undefined;
    const problem = subject.problem(operator, spec);
    const axes = axis === "heads" ? ["heads", "groups"] : ["batch"];
    const reversed = alongAxis(problem, axes, (source, name) =>
      take(source, name, range(0, spec.dims[name]).reverse()),
    );
    const exact = promisesExactly(permutation, subject);
    const before = await subject.run(problem);
    const after = await subject.run(reversed);
    for (const output of outputNames(operator, problem)) {
      const own = outputAxes(operator, problem, output);
      const from = axes.reduce(
        (index, one) => {
          const reversal = reversedIndex(own, problem.dims, one);
          return (i: number) => reversal(index(i));
        },
        (i: number) => i,
      );
      const found = difference({
        operator,
        problem,
        output,
        got: after.values[output],
        wanted: (i) => before.values[output][from(i)],
        // a sum over what is permuted is made in another order
        tolerance:
          exact && own.includes(axis)
            ? undefined
            : (i) => before.bounds[output].certified[from(i)] + after.bounds[output].certified[i],
        what: `${axis} reversed`,
      });
      if (found) return violated(found);
    }
    return HOLDS;
  },
});

/** Where a flat C-order index lies when one axis runs backwards, if the tensor has it. */
function reversedIndex(
  axes: readonly string[],
  dims: Readonly<Record<string, number>>,
  axis: string,
): (index: number) => number {
  const shape = shapeOf(axes, dims);
  const at = axes.indexOf(axis);
  if (at < 0) return (index) => index;
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const size = shape[at];
  return (index) => {
    const place = Math.floor(index / inner) % size;
    return index + (size - 1 - 2 * place) * inner;
  };
}
