import { describe, expect, it } from "vitest";
import { attention } from "../../../impls/attention/operator.js";
import { changesBetween } from "../../../impls/change.js";
import { convolution } from "../../../impls/convolution/operator.js";
import { laneCoordinates } from "../../../impls/lanes.js";
import { type AnyOperator, givenProblem, type Problem, randomProblem } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { secondSet } from "../../../suites/check/second-set.js";

const size = { batch: 2, length: 96, heads: 4, groups: 2, headDim: 3, headDimV: 3, state: 2, context: 96 };

function problemOf(operator: AnyOperator): Problem {
  const dims = Object.fromEntries((operator.dims as string[]).map((name) => [name, size[name as "state"]]));
  return randomProblem(operator, { dims, seed: 5 }) as Problem;
}

describe.each([ssd, selectiveScan, attention, convolution] as AnyOperator[])(
  "second inputs of $name",
  (operator) => {
    const problem = problemOf(operator);

    it("are another seed throughout, with every lane where that is cheap and few where it is not", () => {
      const all = secondSet(operator, problem, 1e9, true)!;
      const named = Object.keys(problem.inputs).filter(
        (name) => !(operator === selectiveScan && name === "A"),
      );
      expect(changesBetween(problem, all.problem).map(({ name }) => name)).toEqual(named);
      const few = secondSet(operator, problem, 4 * operator.laneCost(problem), true)!;
      expect(few.lanes.length).toBe(2);
      expect(all.lanes.length).toBeGreaterThan(20);
    });

    it("are rows of one tensor where two sets do not fit, seen by every lane that is checked", () => {
      const { problem: other, lanes: all, what } = secondSet(operator, problem, 1e9, false)!;
      const lanes = all.filter((_, i) => i % 7 === 0);
      const [change, ...more] = changesBetween(problem, other);
      expect(more).toEqual([]);
      expect(what).toBe(`${change.rows} rows of ${change.name}`);
      expect(lanes.length).toBeGreaterThan(1);
      const values = (of: Problem) =>
        [...operator.reference(of, lanes)].map(({ outputs }) => Array.from(outputs.Y.value));
      for (const [i, lane] of values(problem).entries()) {
        expect(laneCoordinates(operator, problem, lanes[i]).batch).toBe(0);
        expect(values(other)[i]).not.toEqual(lane);
      }
    });
  },
);

it("do not exist for given values", () => {
  const dims = { batch: 1, length: 2, heads: 1, headDim: 1 };
  const problem = givenProblem(convolution, { dims, inputs: { u: [1, 2], K: [1, 0] } }) as Problem;
  expect(secondSet(convolution, problem, 1e9, true)).toBeUndefined();
  expect(secondSet(convolution, problem, 1e9, false)).toBeUndefined();
});
