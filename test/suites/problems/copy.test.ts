import { expect, it } from "vitest";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/index.js";
import { copyOf } from "../../../suites/problems/copy.js";

const dims = { batch: 1, length: 2, heads: 1, groups: 1, headDim: 1, state: 1 };

it("gives what structuredClone gives: equal, and nothing of it shared", () => {
  const inputs = { X: [1, 2], logA: [-0.5, Number.NEGATIVE_INFINITY], B: [1, 1], C: [-0, Number.NaN] };
  const given = givenProblem(ssd, { dims, inputs }) as Problem;
  const random = randomProblem(ssd, { dims, with: ["D"] }) as Problem;
  const patched = { ...random.inputs.X!, patch: { seed: 3, firstRow: 1, rows: 1 } } as never;
  for (const problem of [given, { ...random, inputs: { ...random.inputs, X: patched, D: undefined } }]) {
    const copy = copyOf(problem);
    expect(copy).toEqual(structuredClone(problem));
    expect(copy).not.toBe(problem);
    expect(sharedWith(copy, problem)).toEqual([]);
  }
});

/** Names of objects and arrays that both hold. */
function sharedWith(a: object, b: object): string[] {
  return Object.entries(a).flatMap(([name, value]) => {
    if (typeof value !== "object" || value === null) return [];
    const other = (b as Record<string, object>)[name];
    return value === other ? [name] : sharedWith(value, other).map((inner) => `${name}.${inner}`);
  });
}
