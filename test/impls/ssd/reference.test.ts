/** The reference of ssd against closed forms that share no code with it. */
import { describe, expect, it } from "vitest";
import { givenProblem, inputReader, type Problem, randomProblem } from "../../../impls/operator.js";
import { type Ssd, ssd } from "../../../impls/ssd/operator.js";
import { peakError, referenceOutputs } from "../truth.js";

const dims = { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 1 };

describe("ssd reference", () => {
  it("two tokens by hand", () => {
    // S0 = 2*3 = 6, Y0 = 6*5 = 30; S1 = 0.5*6 + 4*7 = 31, Y1 = 31*11 = 341
    const inputs = { X: [2, 4], logA: [-1, Math.log(0.5)], B: [3, 7], C: [5, 11] };
    const problem = givenProblem(ssd, { dims: { ...dims, length: 2 }, dtype: "f64", inputs });
    const { Y, finalState } = referenceOutputs(ssd, problem);
    expect([...Y]).toEqual([30, 341]);
    expect([...finalState]).toEqual([31]);
  });

  it("initial state, dt, D and z by hand", () => {
    // S = 0.25*8 + 0.5*2*3 = 5; y = 5*5 = 25; + D x with the raw x: 25 + 10*2 = 45; times silu(z)
    const z = 1.5;
    const inputs = {
      X: [2],
      logA: [Math.log(0.25)],
      B: [3],
      C: [5],
      dt: [0.5],
      D: [10],
      z: [z],
      initialState: [8],
    };
    const problem = givenProblem(ssd, { dims, dtype: "f64", inputs, layouts: { D: ["heads"] } });
    const { Y, finalState } = referenceOutputs(ssd, problem);
    expect(Y[0]).toBeCloseTo(45 * z * (1 / (1 + Math.exp(-z))), 12);
    expect(finalState[0]).toBeCloseTo(5, 14);
  });

  it("logA = 0 is a cumulative sum", () => {
    const X = [1, -2, 3, 5, -7];
    const ones = X.map(() => 1);
    const inputs = { X, logA: X.map(() => 0), B: ones, C: ones };
    const { Y } = referenceOutputs(
      ssd,
      givenProblem(ssd, { dims: { ...dims, length: 5 }, dtype: "f64", inputs }),
    );
    expect([...Y]).toEqual([1, -1, 2, 7, 0]);
  });

  it("constant decay of a constant input is a geometric sum", () => {
    const length = 50;
    const a = 0.75;
    const constant = (value: number) => new Array(length).fill(value);
    const inputs = { X: constant(1), logA: constant(Math.log(a)), B: constant(1), C: constant(1) };
    const { Y } = referenceOutputs(
      ssd,
      givenProblem(ssd, { dims: { ...dims, length }, dtype: "f64", inputs }),
    );
    expect(
      peakError(
        Y,
        Y.map((_, t) => (1 - a ** (t + 1)) / (1 - a)),
      ),
    ).toBeLessThan(1e-13);
  });

  it.each([Number.NEGATIVE_INFINITY, -1e4])("logA = %d forgets everything", (reset) => {
    const inputs = { X: [3, 4], logA: [0, reset], B: [1, 1], C: [1, 1], initialState: [1e30] };
    const { Y } = referenceOutputs(
      ssd,
      givenProblem(ssd, { dims: { ...dims, length: 2 }, dtype: "f64", inputs }),
    );
    expect(Y[1]).toBe(4);
  });

  it("is the dense matrix (L o C B^T) applied to X, with heads in blocks of a group", () => {
    const sizes = { batch: 2, length: 13, heads: 4, groups: 2, headDim: 3, state: 5 };
    const problem = randomProblem(ssd, { dims: sizes, seed: 11 });
    expect(peakError(referenceOutputs(ssd, problem).Y, dense(problem))).toBeLessThan(1e-13);
  });
});

/** Y_t = sum over s <= t of exp(l_(s+1) + ... + l_t) (C_t . B_s) X_s, element by element. */
function dense(problem: Problem<Ssd>): Float64Array {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const [X, logA, B, C] = ["X", "logA", "B", "C"].map((name) => inputReader(ssd, problem, name)!);
  const Y: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < length; t++)
      for (let h = 0; h < heads; h++)
        for (let p = 0; p < headDim; p++) {
          const g = Math.floor((h * groups) / heads);
          let y = 0;
          for (let s = 0; s <= t; s++) {
            let segment = 0;
            for (let i = s + 1; i <= t; i++) segment += logA.at(b * length + i, h);
            let score = 0;
            for (let n = 0; n < state; n++)
              score += C.at(b * length + t, g * state + n) * B.at(b * length + s, g * state + n);
            y += Math.exp(segment) * score * X.at(b * length + s, h * headDim + p);
          }
          Y.push(y);
        }
  return Float64Array.from(Y);
}
