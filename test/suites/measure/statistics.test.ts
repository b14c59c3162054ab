import { medianSorted, quantileSorted } from "simple-statistics";
import { describe, expect, it } from "vitest";
import {
  ascending,
  medianInterval,
  quantile,
  relativeHalfWidth,
} from "../../../suites/measure/statistics.js";

/** Binomial(n, 1/2) tail by exact integer arithmetic: the expected values come from somewhere else. */
function exactCoverage(n: number, k: number): number {
  let term = 1n;
  let sum = 0n;
  for (let i = 0; i < k; i++) {
    sum += term;
    term = (term * BigInt(n - i)) / BigInt(i + 1);
  }
  return 1 - (2 * Number((sum * 10n ** 15n) / 2n ** BigInt(n))) / 1e15;
}

describe("medianInterval", () => {
  it.each([6, 7, 10, 14, 30, 31, 100, 1000, 3000])("is the narrowest with 95%% for n = %i", (n) => {
    const sorted = Float64Array.from({ length: n }, (_, i) => i + 1);
    const { low, high, coverage } = medianInterval(sorted);
    expect(low + high).toBe(n + 1);
    expect(coverage).toBeCloseTo(exactCoverage(n, low), 9);
    expect(coverage).toBeGreaterThanOrEqual(0.95);
    if (low + 1 < n / 2) expect(exactCoverage(n, low + 1)).toBeLessThan(0.95);
  });

  it("is the range where there are too few samples, and says what that covers", () => {
    expect(medianInterval([1, 2, 5])).toEqual({ low: 1, high: 5, coverage: 0.75 });
    expect(medianInterval([4])).toEqual({ low: 4, high: 4, coverage: 0 });
    expect(() => medianInterval([])).toThrow("at least one sample");
  });
});

describe("quantile", () => {
  it("interpolates, with the median where others have it", () => {
    const sorted = [1, 2, 4, 8, 16, 32];
    expect(quantile(sorted, 0.5)).toBe(medianSorted(sorted));
    expect(quantile(sorted, 0)).toBe(quantileSorted(sorted, 0));
    expect(quantile(sorted, 1)).toBe(quantileSorted(sorted, 1));
    expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(quantile([7], 0.75)).toBe(7);
  });
});

it("relativeHalfWidth is half the interval over the median", () => {
  expect(relativeHalfWidth(ascending([3, 1, 2, 5, 4, 6]))).toBeCloseTo(2.5 / 3.5, 12);
});
