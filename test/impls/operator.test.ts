/** Problems: what is made, and what is refused in which words. */
import { describe, expect, it } from "vitest";
import {
  checked,
  givenProblem,
  inputDtype,
  inputReader,
  outputSize,
  type Problem,
  randomProblem,
} from "../../impls/operator.js";
import { selectiveScan } from "../../impls/selective_scan/operator.js";
import { ssd } from "../../impls/ssd/operator.js";

const dims = { batch: 1, length: 2, heads: 2, groups: 1, headDim: 1, state: 1 };
const inputs = { X: [1, 2, 3, 4], logA: [0, 0, 0, 0], B: [1, 1], C: [1, 1] };

describe("problems", () => {
  it("a random one has the required inputs and the wanted optional ones", () => {
    const problem = randomProblem(ssd, { dims, with: ["z"] });
    expect(Object.keys(problem.inputs)).toEqual(["X", "logA", "B", "C", "z"]);
    expect(inputReader(ssd, problem, "dt")).toBeUndefined();
  });

  it("is plain data", () => {
    const problem = randomProblem(selectiveScan, { dims, with: ["D"], settings: { softplus: true } });
    expect(JSON.parse(JSON.stringify(problem))).toEqual(problem);
    expect(problem.settings.softplus).toBe(true);
  });

  it("an alternative layout is asked for by name", () => {
    const problem = randomProblem(ssd, { dims, with: ["D"], layouts: { D: ["heads"] } });
    expect(problem.inputs.D).toMatchObject({ axes: ["heads"], shape: [2] });
  });

  it("decays and steps stay f32 when the problem is not", () => {
    const problem = randomProblem(ssd, { dims, dtype: "f16" });
    expect(["X", "logA", "B"].map((name) => inputDtype(ssd, problem, name))).toEqual(["f16", "f32", "f16"]);
    expect(inputDtype(ssd, { ...problem, dtype: "f64" }, "logA")).toBe("f64");
  });

  it("knows the size of its outputs", () => {
    const problem = randomProblem(ssd, { dims: { ...dims, headDim: 3, state: 5 } });
    expect([outputSize(ssd, problem, "Y"), outputSize(ssd, problem, "finalState")]).toEqual([12, 30]);
  });
});

describe("refusals", () => {
  it.each([
    [{ ...dims, length: 0 }, "ssd: length must be a whole number of at least 1, got 0"],
    [{ ...dims, state: 1.5 }, "ssd: state must be a whole number of at least 1, got 1.5"],
    [{ ...dims, groups: 3 }, "ssd: groups must divide heads, got groups=3 heads=2"],
  ])("dims %j", (wrong, message) => {
    expect(() => randomProblem(ssd, { dims: wrong })).toThrow(message);
  });

  it("a missing input", () => {
    const { C: _, ...rest } = inputs;
    expect(() => givenProblem(ssd, { dims, inputs: rest })).toThrow("ssd: input C is missing");
  });

  it("an unknown input", () => {
    const wrong = { ...inputs, Q: [1] } as typeof inputs;
    expect(() => givenProblem(ssd, { dims, inputs: wrong })).toThrow(
      "ssd has no input Q; it has X, logA, B, C",
    );
  });

  it("too few values", () => {
    expect(() => givenProblem(ssd, { dims, inputs: { ...inputs, X: [1, 2, 3] } })).toThrow(
      "ssd: X has 3 values, its shape 1x2x2x1 needs 4",
    );
  });

  it("axes that the operator does not know", () => {
    expect(() => givenProblem(ssd, { dims, inputs, layouts: { B: ["heads", "headDim"] } })).toThrow(
      "ssd: B has axes (heads headDim), expected (batch length groups state)",
    );
  });

  it("a shape that is not that of the dims", () => {
    const problem: Problem = randomProblem(ssd, { dims });
    const X = { ...problem.inputs.X!, shape: [1, 2, 1, 2] };
    expect(() => checked(ssd, { ...problem, inputs: { ...problem.inputs, X } })).toThrow(
      "ssd: X has shape 1x2x1x2, expected 1x2x2x1",
    );
  });
});
