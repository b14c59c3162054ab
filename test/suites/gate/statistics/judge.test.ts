import wilcoxon from "@stdlib/stats-wilcoxon";
import { standardDeviation } from "simple-statistics";
import { describe, expect, it } from "vitest";
import {
  blockLogRatio,
  DEFAULT_RULE,
  escalates,
  futile,
  holm,
  meanRatio,
  minimalDetectable,
  normalQuantile,
  ratioInterval95,
  signFlipP,
  slowdownP,
  speedupP,
} from "../../../../suites/gate/statistics/judge.js";
import { logRatioOfMedians } from "../../../../suites/gate/statistics/naive.js";
import { DEFAULT_SIMULATION, ORDINARY_NOISE, simulate } from "../../../../suites/gate/statistics/simulate.js";

describe("signFlipP", () => {
  it("agrees with tables made by hand", () => {
    expect(signFlipP([1])).toBe(1 / 2);
    expect(signFlipP([1, 2])).toBe(1 / 4);
    // sums of +-1+-2+-4 are 7 5 3 1 -1 -3 -5 -7: one is at least 7, two at least 5, four at least 1
    expect(signFlipP([1, 2, 4])).toBe(1 / 8);
    expect(signFlipP([-1, 2, 4])).toBe(2 / 8);
    expect(signFlipP([-1, -2, 4])).toBe(4 / 8);
    // equal values make ties: +-1+-1+-1 = 3 once, 1 three times
    expect(signFlipP([1, 1, -1])).toBe(4 / 8);
    expect(signFlipP([])).toBe(1);
  });

  it("is the exact Wilcoxon signed-rank test when the values are signed ranks", () => {
    for (const signs of [0b000000, 0b000001, 0b010010, 0b101010]) {
      const ranks = [1, 2, 3, 4, 5, 6].map((rank, i) => ((signs >> i) & 1 ? -rank : rank));
      const oracle = wilcoxon(ranks, { alternative: "greater", correction: false, zeroMethod: "wilcox" });
      expect(signFlipP(ranks)).toBeCloseTo(oracle.pValue, 10);
    }
  });

  it("refuses more blocks than it can walk", () => {
    expect(() => signFlipP(new Array(21).fill(1))).toThrow(/at most 20 blocks, got 21/);
  });
});

describe("holm", () => {
  it("steps down and stays monotone (Holm 1979, worked by hand)", () => {
    expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(holm([])).toEqual([]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});

describe("blocks", () => {
  it("cancel linear drift in the log", () => {
    const drift = (k: number) => Math.exp(0.03 * k);
    // ABBA, then BAAB: base at 0 and 3, 5 and 6
    const base = [
      [drift(0), drift(5)],
      [drift(3), drift(6)],
    ];
    const head = [
      [drift(1), drift(4)],
      [drift(2), drift(7)],
    ];
    expect(blockLogRatio(base, head)).toBeCloseTo(0, 12);
    expect(blockLogRatio(head, base)).toBeCloseTo(0, 12);
    const slower = head.map((turns) => turns.map((v) => 1.1 * v));
    expect(blockLogRatio(base, slower)).toBeCloseTo(Math.log(1.1), 12);
    // exchanging the arms turns the sign, exactly: without that no sign-flip test is exact
    expect(blockLogRatio(slower, base)).toBe(-blockLogRatio(base, slower));
  });

  it("see through a mode that all processes share, where medians do not", () => {
    // the machine turns slow after the third of five rounds, with one process a turn behind
    const base = [
      [1, 1, 1, 1.6, 1.6],
      [1, 1, 1.6, 1.6, 1.6],
    ];
    const head = base.map((turns) => turns.map((v, round) => (round === 2 ? 1 : v) * 1.05));
    expect(blockLogRatio(base, head)).toBeCloseTo(Math.log(1.05), 12);
    expect(Math.abs(logRatioOfMedians(base, head) - Math.log(1.05))).toBeGreaterThan(0.2);
  });

  it("are averaged as ratios", () => {
    expect(meanRatio([Math.log(1.1), Math.log(1.1)])).toBeCloseTo(1.1, 12);
  });

  it("escalate above 1.5% and are judged against 3%", () => {
    expect(escalates(new Array(4).fill(Math.log(1.02)), DEFAULT_RULE)).toBe(true);
    expect(escalates(new Array(4).fill(Math.log(1.01)), DEFAULT_RULE)).toBe(false);
    // one block of the four that a slow process spoiled decides nothing, in either direction
    expect(escalates([0.001, 0.2, 0.004, -0.003], DEFAULT_RULE)).toBe(false);
    expect(escalates([0.1, -0.3, 0.09, 0.11], DEFAULT_RULE)).toBe(true);
    expect(slowdownP(new Array(12).fill(Math.log(1.05)), DEFAULT_RULE)).toBe(2 ** -12);
    expect(slowdownP(new Array(12).fill(Math.log(1.02)), DEFAULT_RULE)).toBe(1);
    expect(speedupP(new Array(12).fill(-Math.log(1.05)), DEFAULT_RULE)).toBe(2 ** -12);
  });

  it("know what they could not have seen", () => {
    expect(minimalDetectable([0.01], DEFAULT_RULE)).toBe(Number.POSITIVE_INFINITY);
    const quiet = minimalDetectable([0.001, -0.001, 0.001, -0.001], DEFAULT_RULE);
    const noisy = minimalDetectable([0.05, -0.05, 0.05, -0.05], DEFAULT_RULE);
    expect(quiet).toBeLessThan(noisy);
    expect(quiet).toBeGreaterThan(DEFAULT_RULE.delta);
    // by hand: sd 0.0577, confirming mean delta + (1.6449 + 1.2816) sd / sqrt 12, screening 1.5% + 1.2816 * 1.092 sd / 2
    expect(noisy).toBeCloseTo(Math.max(1.03 * Math.exp(0.04878), 1.015 * Math.exp(0.0404)) - 1, 4);
    expect(minimalDetectable([0.05, -0.05, 0.05, -0.05], DEFAULT_RULE, 10)).toBeGreaterThan(noisy);
  });

  it("keep the power that the smallest visible slowdown promises", async () => {
    const noise = { ...ORDINARY_NOISE, processSd: 0.05 };
    // blocks of this noise have sd sqrt(0.05^2 + (0.03 * 1.2533)^2 / 15), the median of 15 normal samples included
    const sd = Math.hypot(0.05, (0.03 * 1.2533) / Math.sqrt(15));
    const slowdown = minimalDetectable(
      [sd, -sd, sd, -sd].map((v) => v * Math.sqrt(3 / 4)),
      DEFAULT_RULE,
    );
    const { detections } = await simulate({ ...DEFAULT_SIMULATION, runs: 300, cases: 1, slowdown, noise });
    expect(detections / 300).toBeGreaterThanOrEqual(0.8);
    expect(detections / 300).toBeLessThan(0.95);
  });

  it("have Student's interval", () => {
    // mean 2, sd 1, n 4: half-width 3.18245 / 2
    const { low, high } = ratioInterval95([1, 1.1835034, 2.8164966, 3]);
    const half = ((3.18245 * standardDeviation([1, 1.1835034, 2.8164966, 3])) / 2) * Math.sqrt(4 / 3);
    expect(Math.log(low)).toBeCloseTo(2 - half, 6);
    expect(Math.log(high)).toBeCloseTo(2 + half, 6);
    expect(ratioInterval95([0.1])).toEqual({ low: 0, high: Number.POSITIVE_INFINITY });
  });

  it("are let go after six when within delta", () => {
    const within = new Array<number>(6).fill(Math.log(1.029));
    expect(futile(within, DEFAULT_RULE)).toBe(true);
    expect(futile(within.slice(1), DEFAULT_RULE)).toBe(false);
    expect(futile(new Array<number>(6).fill(Math.log(1.031)), DEFAULT_RULE)).toBe(false);
  });
});

it("normalQuantile agrees with printed tables", () => {
  expect(normalQuantile(0.95)).toBeCloseTo(1.6449, 3);
  expect(normalQuantile(0.8)).toBeCloseTo(0.8416, 3);
  expect(normalQuantile(0.025)).toBeCloseTo(-1.96, 3);
});
