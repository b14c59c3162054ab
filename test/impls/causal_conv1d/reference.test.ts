/** The short convolution's truth by hand, borders included, and its bound where SiLU is steep, flat and nothing. */
import { describe, expect, it } from "vitest";
import { boundAt, f32Rounding } from "../../../impls/bound.js";
import { causalConv1d } from "../../../impls/causal_conv1d/index.js";
import { siluBound } from "../../../impls/causal_conv1d/reference/silu.js";
import { givenProblem } from "../../../impls/operator.js";
import { allLanes, referenceOutputs } from "../truth.js";

const dims = { batch: 1, length: 5, heads: 1, headDim: 1, width: 3, past: 2 };
const inputs = { X: [1, 2, 3, 4, 5], weight: [100, 10, 1] };
const outputs = (more: object, silu = false) =>
  referenceOutputs(
    causalConv1d,
    givenProblem(causalConv1d, { dims, dtype: "f64", inputs: { ...inputs, ...more }, settings: { silu } }),
  );

describe("causal_conv1d's reference", () => {
  it("lets the last tap meet the current token", () => {
    const { Y, finalState } = outputs({});
    expect([...Y]).toEqual([1, 12, 123, 234, 345]);
    expect([...finalState]).toEqual([4, 5]);
  });

  it("adds the bias, and gates last", () => {
    expect([...outputs({ bias: [-1] }).Y]).toEqual([0, 11, 122, 233, 344]);
    expect(outputs({ bias: [-2] }, true).Y[0]).toBeCloseTo(-1 / (1 + Math.E), 15);
  });

  it("goes on from the initial state, oldest first", () => {
    expect([...outputs({ initialState: [8, 9] }).Y]).toEqual([891, 912, 123, 234, 345]);
  });

  it.each([
    ["keeps documents apart", [0, 0, 1, 1, 1], [891, 912, 3, 34, 345], [4, 5]],
    ["knows a document by its run, not by its id", [0, 1, 0, 0, 1], [891, 2, 3, 34, 5], [0, 5]],
    ["gives the initial state to document 0 alone", [7, 7, 7, 7, 0], [1, 12, 123, 234, 5], [0, 5]],
  ])("%s", (_name, documents, wanted, last) => {
    const { Y, finalState } = outputs({ initialState: [8, 9], documents });
    expect([...Y]).toEqual(wanted);
    expect([...finalState]).toEqual(last);
  });

  it("keeps what a short sequence did not replace", () => {
    const problem = givenProblem(causalConv1d, {
      dims: { ...dims, length: 1 },
      dtype: "f64",
      inputs: { ...inputs, X: [3], initialState: [8, 9] },
    });
    expect([...referenceOutputs(causalConv1d, problem).finalState]).toEqual([9, 3]);
  });

  it.each([
    [{ width: 5, past: 4 }, "width must be 2, 3 or 4"],
    [{ width: 3, past: 3 }, "past one less"],
  ])("refuses %o", (wrong, reason) => {
    const sizes = { ...dims, ...wrong };
    const weight = new Float64Array(sizes.width);
    expect(() => givenProblem(causalConv1d, { dims: sizes, inputs: { X: inputs.X, weight } })).toThrow(
      reason,
    );
  });

  it("holds a copy to its bits", () => {
    const problem = givenProblem(causalConv1d, { dims, inputs });
    for (const { outputs } of causalConv1d.reference(problem, allLanes(causalConv1d, problem)))
      expect(boundAt(outputs.finalState, 0, f32Rounding(0)).certified).toBeLessThan(1e-37);
  });
});

describe("the bound of silu", () => {
  const silu = (v: number) => v / (1 + Math.exp(-v));

  it.each([-300, -90, -40, -10, -2, -1.3, -1e-3, 0, 1e-3, 1, 2.4, 10, 300])(
    "covers an argument that is off by its own, at %d",
    (v) => {
      for (const scale of [Math.abs(v), Math.abs(v) + 1, 1e3]) {
        const one = (value: number) => Float64Array.of(value);
        const Y = { value: one(v), scale: one(scale), count: one(6), countPerSum: one(0), floor: one(0) };
        siluBound(Y, 0, 0);
        const { certified } = boundAt(Y, 0, f32Rounding(0));
        const off = 6 * scale * 2 ** -24;
        const worst = Math.max(Math.abs(silu(v + off) - silu(v)), Math.abs(silu(v - off) - silu(v)));
        expect(worst).toBeLessThanOrEqual(certified);
        // the bound knows no slope of nearly 0, as silu has at its least value
        if (v === -1.3) continue;
        // not by far more than is needed: an output that is nearly nothing must be so
        expect(certified).toBeLessThan(
          20 * worst + 2 ** -24 * (20 + 5 * Math.abs(v)) * Math.abs(silu(v)) + 1e-300,
        );
      }
    },
  );
});
