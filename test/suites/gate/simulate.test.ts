import { describe, expect, it } from "vitest";
import { DEFAULT_SIMULATION, simulate, upperBound95 } from "../../../suites/gate/simulate.js";

describe("the decision rule under ordinary noise", () => {
  it("does not fail identical code", () => {
    const { falseFails } = simulate({ ...DEFAULT_SIMULATION, runs: 200 });
    expect(falseFails).toBe(0);
  });

  it("sees a slowdown of 10%", () => {
    const { detections, falseFails } = simulate({
      ...DEFAULT_SIMULATION,
      runs: 200,
      cases: 5,
      slowdown: 0.1,
    });
    expect(detections / 200).toBeGreaterThanOrEqual(0.95);
    expect(falseFails).toBe(0);
  });

  it("repeats exactly with the same seed and differs with another", () => {
    const small = { ...DEFAULT_SIMULATION, runs: 60, cases: 2, slowdown: 0.045 };
    expect(simulate(small)).toEqual(simulate(small));
    expect(simulate(small).detections).not.toBe(simulate({ ...small, seed: 1 }).detections);
  });
});

it("upperBound95 agrees with the rule of three and a printed table", () => {
  expect(upperBound95(0, 1000)).toBeCloseTo(1 - 0.05 ** (1 / 1000), 6);
  expect(upperBound95(2, 20)).toBeCloseTo(0.2826, 3);
});
