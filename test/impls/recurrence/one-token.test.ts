/** A step's tensors are those of the forward map over one token, so that random ones are the same numbers. */
import { expect, it } from "vitest";
import { inputReader, type Problem, randomProblem } from "../../../impls/operator.js";
import { forwardProblem } from "../../../impls/recurrence/one-token.js";
import { ssd } from "../../../impls/ssd/index.js";
import { ssdDecode } from "../../../impls/ssd_decode/index.js";

const dims = { batch: 3, context: 100, heads: 4, groups: 2, headDim: 5, state: 6 };

it("has the step's own values, an axis of one token, and no context", () => {
  const step = randomProblem(ssdDecode, { dims, seed: 4, with: ["dt", "D", "z"] }) as Problem;
  const forward = forwardProblem(ssd, step) as Problem;
  const same = randomProblem(ssd, {
    dims: forward.dims as never,
    seed: 4,
    with: ["dt", "D", "z", "initialState"],
  });
  expect(forward).toEqual(same);
  expect(forward.dims).not.toHaveProperty("context");
  for (const name of Object.keys(step.inputs)) {
    const [own, there] = [inputReader(ssdDecode, step, name)!, inputReader(ssd, forward, name)!];
    for (let row = 0; row < own.rows; row++)
      for (let col = 0; col < own.cols; col++) expect(there.at(row, col)).toBe(own.at(row, col));
  }
});

it("hands on what contradicts", () => {
  expect(() => randomProblem(ssdDecode, { dims: { ...dims, groups: 3 } })).toThrow(
    "groups must divide heads, got groups=3 heads=4",
  );
  expect(() => randomProblem(ssdDecode, { dims, with: ["dtBias"] })).toThrow("dtBias needs dt");
});
