import { probit, wilcoxonRankSum } from "simple-statistics";
import { describe, expect, it } from "vitest";
import { normalCdf, normalQuantile } from "../../../../suites/gate/statistics/judge.js";
import {
  mannWhitneyP,
  NAIVE_RULES,
  rankSum,
  simulateNaive,
} from "../../../../suites/gate/statistics/naive.js";
import { ORDINARY_NOISE } from "../../../../suites/gate/statistics/simulate.js";

describe("the rank-sum test of the naive rules", () => {
  it("has the rank sum of simple-statistics", () => {
    const one = [1.2, 3.4, 0.7, 9.1, 5.5];
    const other = [2.2, 8.4, 6.7, 0.1];
    expect(rankSum(one, other)).toBe(wilcoxonRankSum(one, other));
  });

  it("has the p of the normal tables", () => {
    // ranks 1..8 against 9..16: rank sum 36, mean 68, variance 90.67, z = -3.3607
    const low = [1, 2, 3, 4, 5, 6, 7, 8];
    const high = low.map((v) => v + 8);
    expect(mannWhitneyP(low, high)).toBeCloseTo(0.000778, 5);
    expect(mannWhitneyP(high, low)).toBeCloseTo(0.000778, 5);
  });
});

it("normal quantiles agree with simple-statistics' probit and with their own distribution", () => {
  for (const p of [0.025, 0.2, 0.5, 0.8, 0.9, 0.95]) {
    // probit there is good to 4.5e-4 relative; ours inverts a distribution good to 1e-7
    expect(Math.abs(normalQuantile(p) - probit(p))).toBeLessThan(4e-3);
    expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 6);
  }
});

it("common rules call identical code different far too often, each more than one in twenty", () => {
  for (const rule of NAIVE_RULES) {
    const { flagged, trials } = simulateNaive(rule, { noise: ORDINARY_NOISE, trials: 300, seed: 3 });
    expect(flagged / trials, rule.says).toBeGreaterThan(0.05);
    const still = { ...ORDINARY_NOISE, processSd: 0, drift: 0 };
    const fair = simulateNaive(rule, { noise: still, trials: 300, seed: 3 });
    // without noise between processes and without drift they would be honest
    expect(fair.flagged / fair.trials, rule.says).toBeLessThan(0.1);
  }
});
