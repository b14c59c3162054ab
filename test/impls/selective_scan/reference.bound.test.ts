/**
 * The bound of the selective scan: never exceeded by float32 arithmetic or the cpu engine, and tight (see
 * ../ssd/reference.bound.test.ts).
 */
import { describe, expect, it } from "vitest";
import { givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { type SelectiveScan, selectiveScan } from "../../../impls/selective_scan/operator.js";
import { recurrentCpu } from "../../../impls/selective_scan/recurrent.cpu.js";
import { agreement } from "../truth.js";
import { extremeValues, median, numbers } from "../values.js";
import { recurrentFloat32 } from "./float32.js";

const forms = [
  { name: "recurrent.cpu", impl: recurrentCpu },
  { name: "recurrent in float32", impl: recurrentFloat32 },
];
const everything = ["D", "z", "deltaBias", "initialState"] as const;
const constant = ["heads", "headDim", "state"];

const shapes = [
  { batch: 1, length: 65, heads: 2, groups: 1, headDim: 2, state: 16 },
  { batch: 1, length: 33, heads: 2, groups: 2, headDim: 1, state: 64 },
  { batch: 2, length: 1, heads: 1, groups: 1, headDim: 3, state: 5 },
  { batch: 1, length: 128, heads: 1, groups: 1, headDim: 3, state: 1 },
];

function* extremeProblems(): Generator<Problem<SelectiveScan>> {
  const random = numbers(78);
  const layouts = { B: constant, C: constant };
  for (const [i, dims] of shapes.entries())
    for (const rate of [0, 1e-6, 1, 1e4])
      for (const scale of [1, 1e15, 1e-15])
        for (const width of [2, 40, 200]) {
          const shape = randomProblem(selectiveScan, {
            dims,
            with: everything,
            layouts: i % 2 ? layouts : {},
          }).inputs;
          const values = extremeValues(shape, random, (name, r) => {
            if (name === "A") return -rate * r;
            if (name === "delta") return (r - 0.5) * width;
            if (name === "z") return (r - 0.5) * width;
            return (2 * r - 1) * (name === "u" || name === "initialState" ? scale : 1);
          });
          yield givenProblem(selectiveScan, {
            dims,
            seed: i,
            inputs: values,
            settings: { softplus: true },
            layouts: i % 2 ? layouts : {},
          });
        }
}

describe.each(forms)("bound of selective_scan, $name", ({ impl }) => {
  it("holds and is tight on random problems, seeds 0 to 11", async () => {
    const slack: number[] = [];
    for (let seed = 0; seed < 12; seed++) {
      const extras = seed % 2 === 1 ? everything : [];
      const settings = { softplus: seed % 2 === 1 };
      const problem = randomProblem(selectiveScan, { dims: shapes[seed % 4], seed, with: extras, settings });
      const { probable, worst } = await agreement(impl, problem);
      expect(probable, worst).toBeLessThanOrEqual(1);
      slack.push(1 / probable);
    }
    expect(median(slack)).toBeLessThanOrEqual(30);
  });

  it("is never exceeded on extreme problems", async () => {
    for (const problem of extremeProblems()) {
      const { certified, worst } = await agreement(impl, problem);
      expect(certified, worst).toBeLessThanOrEqual(1);
    }
  });
});
