/** How a run's time is shared: what the contract promises of a grid's wall clock, and what no order of cases may bring about. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BUDGETS,
  Budget,
  FEWEST_SAMPLES,
  FEWEST_SLOW_SAMPLES,
  type GridBudget,
  leastCostNs,
} from "../../../suites/budget/budget.js";

const S = 1e9;
/** Round numbers to compute with: 600 s in all, 60 s a case, 2 s of samples. */
const grid: GridBudget = { ...BUDGETS.default, totalNs: 600 * S, caseNs: 60 * S, sampleNs: 2 * S };

function spent(seconds: number): Budget {
  const budget = new Budget(grid);
  budget.spend(seconds * S);
  return budget;
}

describe("what one case may cost", () => {
  it.each([
    ["as much as a case may, while there is plenty", 0, 1, 0, 60],
    ["its curve's share, of what is left", 560, 4, 0, 10],
    ["the whole rest, on the last curve", 560, 1, 0, 40],
    ["what reservations leave", 500, 1, 70, 30],
    ["nothing, where all that is left is kept for others", 500, 1, 100, 0],
    ["nothing, where they would take more than there is", 500, 1, 1e6, 0],
    ["a trifle, where the share is less than one", 599, 4, 0, 1],
    ["a trifle, when the time is just over", 600, 1, 0, 1],
    ["a trifle in the overtime", 689, 1, 0, 1],
    ["what is left of the overtime, in its last moment", 689.9, 1, 0, 0.1],
    ["nothing when the overtime is over too", 690, 1, 0, 0],
    ["nothing long after", 1e6, 1, 0, 0],
    ["the whole, with no curve left to count", 560, 0, 0, 40],
  ])("%s", (_what, spentS, curvesLeft, reservedS, wantedS) => {
    const limit = spent(spentS).limitNs(curvesLeft, reservedS * S, "panel");
    expect(limit / S).toBeCloseTo(wantedS, 9);
  });

  it("is ten times as much a trifle where the figure would miss it", () => {
    expect(spent(600).limitNs(1, 0, "figure")).toBe(10 * S);
    expect(spent(690).limitNs(1, 0, "figure")).toBe(0);
  });

  it("is all of an overtime, a longer one, where a linear curve of the figure would not reach its end", () => {
    expect(spent(600).limitNs(1, 0, "reach")).toBe(60 * S);
    expect(spent(690).limitNs(1, 0, "reach") / S).toBeCloseTo(24, 9);
    expect(spent(714).limitNs(1, 0, "reach")).toBe(0);
  });

  it("counts what was spent, however it came about", () => {
    const budget = new Budget(grid);
    for (let i = 0; i < 56; i++) budget.spend(10 * S);
    expect(budget.remainingNs).toBe(40 * S);
    expect(budget.limitNs(1, 0, "panel")).toBe(spent(560).limitNs(1, 0, "panel"));
    budget.spend(1e3 * S);
    expect(budget.remainingNs).toBe(0);
  });
});

describe("sampling time of one of the cases that are left", () => {
  it.each([
    ["as much as pays, while there is plenty", 0, 10, 0, 2],
    ["a fair part of 60% of what is left", 500, 40, 0, 1.5],
    ["the same of what reservations leave", 500, 40, 60, 0.6],
    ["nothing, where they leave nothing", 500, 40, 100, 0],
    ["nothing when the time is over", 600, 1, 0, 0],
    ["as much as pays, with no case left to count", 500, 0, 0, 2],
    ["nothing, with neither time nor cases left", 600, 0, 0, 0],
  ])("%s", (_what, spentS, casesLeft, reservedS, wantedS) => {
    expect(spent(spentS).sampleNs(casesLeft, reservedS * S) / S).toBeCloseTo(wantedS, 9);
  });

  it("never runs out: sampled to the full, every case still gets some, and time is left for the rest", () => {
    const budget = new Budget(grid);
    for (let left = 5000; left > 0; left--) {
      const ns = budget.sampleNs(left, 0);
      expect(ns).toBeGreaterThan(0);
      budget.spend(ns);
    }
    expect(budget.remainingNs).toBeGreaterThan(0);
  });
});

describe("any order of cases", () => {
  const seconds = fc.double({ min: 0, max: 1000, noNaN: true });
  const counts = fc.integer({ min: 0, max: 50 });

  it("more spent, more reserved or more curves never allow a case more, and the limits stay within their ends", () => {
    fc.assert(
      fc.property(
        seconds,
        seconds,
        counts,
        fc.constantFrom("panel", "figure", "reach"),
        seconds,
        (before, reserved, curves, missed, more) => {
          const limit = spent(before).limitNs(curves, reserved * S, missed);
          expect(limit).toBeGreaterThanOrEqual(0);
          expect(limit).toBeLessThanOrEqual(grid.caseNs);
          expect(spent(before + more).limitNs(curves, reserved * S, missed)).toBeLessThanOrEqual(limit);
          expect(spent(before).limitNs(curves, (reserved + more) * S, missed)).toBeLessThanOrEqual(limit);
          expect(spent(before).limitNs(curves + 1, reserved * S, missed)).toBeLessThanOrEqual(limit);
          expect(spent(before).limitNs(curves, reserved * S, "reach")).toBeGreaterThanOrEqual(limit);
        },
      ),
      { seed: 26, numRuns: 300 },
    );
  });
});

describe("the grids", () => {
  /** The longest that any run can take that keeps to its limits: every case costs the most that it may. */
  function longestNs(one: GridBudget): number {
    const budget = new Budget(one);
    let total = 0;
    for (let limit = 1; limit > 0; total += limit) {
      limit = budget.limitNs(1, 0, "reach");
      budget.spend(limit);
    }
    return total;
  }

  it.each([
    ["quick", 60],
    ["default", 300],
  ] as const)(
    "%s ends within the %d s that are promised, at its worst, with a tenth for charts",
    (name, promised) => {
      expect(longestNs(BUDGETS[name]) / S).toBeLessThan(0.9 * promised);
    },
  );

  it("each gives more of everything than the one before", () => {
    const { quick, default: usual, paper } = BUDGETS;
    for (const key of Object.keys(quick) as (keyof GridBudget)[]) {
      expect(usual[key], key).toBeGreaterThan(quick[key]);
      expect(paper[key], key).toBeGreaterThanOrEqual(usual[key]);
    }
  });

  it.each(Object.entries(BUDGETS))("%s: turns fit a case's sampling, cases fit the run", (_name, one) => {
    // an interleaved round needs several turns of each, or there is nothing to interleave
    expect(one.turnNs * 3).toBeLessThan(one.sampleNs);
    expect(one.caseNs * 4).toBeLessThan(one.totalNs);
  });
});

it("a case costs its verified run and the fewest samples a slow case may have", () => {
  expect(leastCostNs(2 * S)).toBe(2 * S + FEWEST_SLOW_SAMPLES * 2 * S);
  expect(FEWEST_SLOW_SAMPLES).toBeLessThan(FEWEST_SAMPLES);
});
