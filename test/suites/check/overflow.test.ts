/** A value beyond the storage type is named in the rejection, wherever that is made. */
import { describe, expect, it } from "vitest";
import { laneTotal, laneView, placeOf } from "../../../impls/lanes.js";
import { givenProblem, type Lane, type Problem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { compare } from "../../../suites/check/check.js";
import { overflowOf } from "../../../suites/check/overflow.js";
import { compare as compareAll, describeElement, truthOf } from "../../../suites/verify/compare.js";

const rounding = {
  accumulate: 2 ** -23,
  storage: 2 ** -11,
  roundings: 1,
  longestSum: 0,
  decay: "segsum",
} as const;

/** Three tokens; the second output is 300 x 300, which f16 cannot hold. */
const problem = givenProblem(ssd, {
  dims: { batch: 1, length: 3, heads: 1, groups: 1, headDim: 1, state: 1 },
  dtype: "f16",
  inputs: {
    X: [1, 300, 1],
    logA: [0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    B: [1, 1, 1],
    C: [1, 300, 1],
  },
}) as Problem;
const Y = Float32Array.of(1, Number.POSITIVE_INFINITY, 1);
const finalState = Float32Array.of(1);
const said = "the true value is beyond 65504, the largest of f16: it overflows in any kernel";

describe("an output beyond f16", () => {
  it("is named where verify rejects it", () => {
    const { ok, worst } = compareAll(truthOf(ssd, problem), rounding, { Y, finalState });
    expect(ok).toBe(false);
    expect(describeElement(worst, rounding)).toMatch(/^Y\[batch=0 length=1 .*got Infinity, wanted 90000, /);
    expect(describeElement(worst, rounding)).toContain(said);
  });

  it("is named where a run rejects it", () => {
    const lanes: Lane[] = Array.from({ length: laneTotal(ssd, problem) }, (_, index) => ({
      kind: "element",
      index,
    }));
    const outputs = { Y, finalState };
    const seen = (output: "Y" | "finalState", lane: Lane) => {
      const view = laneView(ssd, problem, output, lane);
      return Float64Array.from({ length: view.count }, (_, i) => outputs[output][placeOf(view, i)]);
    };
    const verdict = compare(
      { operator: ssd, problem, lanes, reference: () => ssd.reference(problem as never, lanes) },
      {
        lanes: lanes.map((lane) => ({ Y: seen("Y", lane), finalState: seen("finalState", lane) })),
        nonFinite: { output: "Y", index: 1, value: Number.POSITIVE_INFINITY, total: 1 },
        fingerprint: "",
      },
      rounding,
    );
    expect(verdict).toMatchObject({ status: "rejected", note: said, mismatch: { index: 1, wanted: 90_000 } });
  });

  it("is none where the value fits, or the output is stored in more", () => {
    expect(overflowOf(ssd, problem, "Y", -65_505)).toBe(said);
    expect(overflowOf(ssd, problem, "Y", 65_504)).toBeUndefined();
    expect(overflowOf(ssd, problem, "Y", Number.NaN)).toBeUndefined();
    expect(overflowOf(ssd, problem, "finalState", 90_000)).toBeUndefined();
    expect(overflowOf(ssd, { ...problem, dtype: "bf16" }, "Y", 90_000)).toBeUndefined();
    expect(overflowOf(ssd, { ...problem, dtype: "f32" }, "Y", 1e39)).toContain("the largest of f32");
  });
});
