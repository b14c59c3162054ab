import { describe, expect, it } from "vitest";
import { logRatioOfMedians } from "../../../../suites/gate/statistics/naive.js";
import { DEFAULT_SIMULATION, simulate, upperBound95 } from "../../../../suites/gate/statistics/simulate.js";

describe("the decision rule under ordinary noise", () => {
  it("does not fail identical code", async () => {
    const { falseFails } = await simulate({ ...DEFAULT_SIMULATION, runs: 200 });
    expect(falseFails).toBe(0);
  });

  it("sees a slowdown of 10%", async () => {
    const { detections, falseFails } = await simulate({
      ...DEFAULT_SIMULATION,
      runs: 200,
      cases: 5,
      slowdown: 0.1,
    });
    expect(detections / 200).toBeGreaterThanOrEqual(0.95);
    expect(falseFails).toBe(0);
  });

  it("sees it on a machine with a slow mode too, where medians of processes are not enough", async () => {
    const bimodal = {
      ...DEFAULT_SIMULATION,
      runs: 100,
      cases: 2,
      slowdown: 0.1,
      noise: { ...DEFAULT_SIMULATION.noise, slow: 0.6, spellMs: 100 },
    };
    const { detections, falseFails } = await simulate(bimodal);
    expect(detections / 100).toBeGreaterThanOrEqual(0.95);
    expect(falseFails).toBe(0);
    const medians = await simulate({ ...bimodal, estimate: logRatioOfMedians });
    expect(medians.detections / 100).toBeLessThan(0.9);
  });

  it("repeats exactly with the same seed and differs with another", async () => {
    const small = { ...DEFAULT_SIMULATION, runs: 60, cases: 2, slowdown: 0.045 };
    expect(await simulate(small)).toEqual(await simulate(small));
    const [one, other] = [await simulate(small), await simulate({ ...small, seed: 2 })];
    expect(one.detections).not.toBe(other.detections);
  });
});

it("upperBound95 agrees with the rule of three and a printed table", () => {
  expect(upperBound95(0, 1000)).toBeCloseTo(1 - 0.05 ** (1 / 1000), 6);
  expect(upperBound95(2, 20)).toBeCloseTo(0.2826, 3);
});
