import { expect, it } from "vitest";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/index.js";
import { copyOf } from "../../../suites/problems/copy.js";
import { truthOf } from "../../../suites/verify/compare.js";
import { isSameProblem } from "../../../suites/verify/same-problem.js";

const dims = { batch: 1, length: 2, heads: 1, groups: 1, headDim: 1, state: 1 };
const inputs = { X: [1, 2], logA: [-0.5, -1], B: [1, 1], C: [0, 1] };
const problem = givenProblem(ssd, { dims, inputs }) as Problem;
const withInput = (name: string, data: number[] | undefined) =>
  givenProblem(ssd, { dims, inputs: { ...inputs, [name]: data } as never }) as Problem;

it("knows a problem again by its values, whoever made it", () => {
  expect(isSameProblem(problem, withInput("X", [1, 2]))).toBe(true);
  expect(isSameProblem(problem, { ...problem, inputs: { ...problem.inputs, D: undefined } })).toBe(true);
  const random = randomProblem(ssd, { dims, seed: 1 }) as Problem;
  expect(isSameProblem(random, copyOf(random))).toBe(true);
  expect(truthOf(ssd, copyOf(problem))).toBe(truthOf(ssd, problem));
});

it.each<[string, Problem]>([
  ["a value", withInput("X", [1, 3])],
  ["the sign of a zero", withInput("C", [-0, 1])],
  ["an input more", withInput("D", [1])],
  ["the storage type", { ...problem, dtype: "f16" }],
  ["a setting", { ...problem, settings: { ...problem.settings, softplus: true } }],
  ["a dim more", { ...problem, dims: { ...problem.dims, documents: 1 } as never }],
  ["the seed", { ...problem, seed: 1 }],
  ["the kind of its inputs", randomProblem(ssd, { dims }) as Problem],
])("tells problems apart by %s", (_what, other) => {
  expect(isSameProblem(problem, other)).toBe(false);
  expect(isSameProblem(other, problem)).toBe(false);
});
