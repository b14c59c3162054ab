/** The reference of the selective scan against closed forms that share no code with it. */
import { describe, expect, it } from "vitest";
import { givenProblem, inputReader, randomProblem } from "../../../impls/operator.js";
import { stepRoundings } from "../../../impls/recurrence/step.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { peakError, referenceOutputs } from "../truth.js";

const dims = { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 2 };

describe("selective_scan reference", () => {
  it("two tokens by hand", () => {
    // delta 1, then 2. token 0: s = 1*[1,2]*3 = [3,6], y = 3*1 + 6*10 = 63
    // token 1: decays exp(2 ln(1/2)) = 1/4 and exp(2 ln 1) = 1: s = [3/4, 6] + 2*5*[1,0] = [10.75, 6], y = 10.75 + 6 = 16.75
    const inputs = { u: [3, 5], delta: [1, 2], A: [Math.log(0.5), 0], B: [1, 2, 1, 0], C: [1, 10, 1, 1] };
    const problem = givenProblem(selectiveScan, { dims: { ...dims, length: 2 }, dtype: "f64", inputs });
    const { Y, finalState } = referenceOutputs(selectiveScan, problem);
    expect(Y[0]).toBe(63);
    expect(Y[1]).toBeCloseTo(16.75, 13);
    expect(finalState[0]).toBeCloseTo(10.75, 13);
    expect(finalState[1]).toBe(6);
  });

  it("bias, softplus, D, z, initial state and constant B and C by hand", () => {
    // delta = softplus(ln(e - 1)) = 1; s = 8/2 + 1*3*2 = 10; y = 10*5 + 4*2 = 58, gated
    const z = -0.5;
    const inputs = {
      u: [2],
      delta: [Math.log(Math.E - 1) - 7],
      deltaBias: [7],
      A: [Math.log(0.5)],
      B: [3],
      C: [5],
      D: [4],
      z: [z],
      initialState: [8],
    };
    const constant = ["heads", "headDim", "state"];
    const problem = givenProblem(selectiveScan, {
      dims: { ...dims, state: 1 },
      dtype: "f64",
      inputs,
      layouts: { B: constant, C: constant },
      settings: { softplus: true },
    });
    const { Y, finalState } = referenceOutputs(selectiveScan, problem);
    expect(finalState[0]).toBeCloseTo(10, 12);
    expect(Y[0]).toBeCloseTo((58 * z) / (1 + Math.exp(-z)), 12);
  });

  it("A = 0 is a cumulative sum of delta u", () => {
    const inputs = {
      u: [1, 2, 3],
      delta: [2, 1, 0.5],
      A: [0, 0],
      B: new Array(6).fill(1),
      C: new Array(6).fill(0.5),
    };
    const problem = givenProblem(selectiveScan, { dims: { ...dims, length: 3 }, dtype: "f64", inputs });
    expect([...referenceOutputs(selectiveScan, problem).Y]).toEqual([2, 4, 5.5]);
  });

  it("one decay for all channels and states of a head, with a shared step, is ssd", () => {
    const sizes = { batch: 2, length: 21, heads: 4, groups: 2, headDim: 3, state: 5 };
    const { batch, length, heads, headDim, state } = sizes;
    const mamba2 = randomProblem(ssd, { dims: sizes, seed: 4, with: ["dt", "D", "z", "initialState"] });
    const values = (name: string) => {
      const { rows, cols, at } = inputReader(ssd, mamba2, name)!;
      return Float64Array.from({ length: rows * cols }, (_, i) => at(Math.floor(i / cols), i % cols));
    };
    const dt = values("dt");
    const rate = [-1, -0.25, -4, -16];
    const shared = {
      ...Object.fromEntries(["B", "C", "D", "z", "initialState"].map((name) => [name, values(name)])),
      X: values("X"),
      dt,
      logA: dt.map((step, i) => step * rate[i % heads]),
    };
    const { X, logA: _logA, dt: _dt, ...rest } = shared;
    const mamba1 = {
      ...rest,
      u: X,
      delta: Float64Array.from(
        { length: batch * length * heads * headDim },
        (_, i) => dt[Math.floor(i / headDim)],
      ),
      A: Float64Array.from(
        { length: heads * headDim * state },
        (_, i) => rate[Math.floor(i / headDim / state)],
      ),
    };
    const wanted = referenceOutputs(ssd, givenProblem(ssd, { dims: sizes, dtype: "f64", inputs: shared }));
    const got = referenceOutputs(
      selectiveScan,
      givenProblem(selectiveScan, { dims: sizes, dtype: "f64", inputs: mamba1 }),
    );
    expect(peakError(got.Y, wanted.Y)).toBeLessThan(1e-14);
    expect(peakError(got.finalState, wanted.finalState)).toBeLessThan(1e-14);
  });
});

describe("stepRoundings", () => {
  it("is finite and weighs the argument where the exponential rules", () => {
    expect(stepRoundings(-1000, true, true)).toBe(8 + 3000);
    expect(stepRoundings(-50, true, true)).toBeCloseTo(8 + 150, 9);
    expect(stepRoundings(0, true, true)).toBe(8);
    expect(stepRoundings(500, true, true)).toBe(11);
    expect(stepRoundings(500, true, false)).toBe(1);
    expect(stepRoundings(500, false, false)).toBe(0);
  });
});
