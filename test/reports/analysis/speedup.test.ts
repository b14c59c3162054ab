import { describe, expect, it } from "vitest";
import { fasterFrom, type Ratio, ratioInterval } from "../../../reports/analysis/speedup.js";
import { noise } from "../fixtures.js";

describe("interval of a ratio", () => {
  it("holds the ratio, turns over with the arms, and has no width when the arms have none", () => {
    const [a, b] = [
      { ns: 100, lowNs: 97, highNs: 106 },
      { ns: 430, lowNs: 420, highNs: 433 },
    ];
    const there = ratioInterval(a, b);
    const back = ratioInterval(b, a);
    expect(there.ratio).toBe(4.3);
    expect(there.low).toBeLessThan(4.3);
    expect(there.high).toBeGreaterThan(4.3);
    expect(back.low).toBeCloseTo(1 / there.high, 12);
    expect(back.high).toBeCloseTo(1 / there.low, 12);
    const exact = ratioInterval({ ns: 2, lowNs: 2, highNs: 2 }, { ns: 3, lowNs: 3, highNs: 3 });
    expect([exact.low, exact.high]).toEqual([1.5, 1.5]);
  });

  it("is narrower than dividing the ends and wider than either arm's", () => {
    const a = { ns: 100, lowNs: 95, highNs: 105 };
    const b = { ns: 200, lowNs: 190, highNs: 210 };
    const { low, high } = ratioInterval(a, b);
    expect(low).toBeGreaterThan(190 / 105);
    expect(high).toBeLessThan(210 / 95);
    expect(low).toBeLessThan(190 / 100);
    expect(high).toBeGreaterThan(210 / 100);
  });

  it("covers the true ratio about as often as the medians' intervals cover theirs (2000 synthetic pairs)", () => {
    let covered = 0;
    const trials = 2000;
    for (let trial = 0; trial < trials; trial++) {
      const one = medianInterval(samples(`a${trial}`, 1));
      const other = medianInterval(samples(`b${trial}`, 3));
      const { low, high } = ratioInterval(one, other);
      if (low <= 3 && 3 <= high) covered++;
    }
    // binomial, 2000 trials at 0.95: standard deviation 0.5%; order statistics of 25 cover 95.7%
    expect(covered / trials).toBeGreaterThan(0.93);
  });

  /** 25 skewed samples with this median. */
  function samples(name: string, median: number): number[] {
    return Array.from({ length: 25 }, (_, i) => median * Math.exp(0.1 * noise(`${name} ${i}`) ** 3));
  }

  /** Ranks 8 and 18 of 25: binomial(25, 1/2) puts 95.7% between them. */
  function medianInterval(values: number[]) {
    const sorted = values.toSorted((a, b) => a - b);
    return { ns: sorted[12], lowNs: sorted[7], highNs: sorted[17] };
  }
});

describe("faster from", () => {
  const ratio = (x: number, low: number) => ({ x, low, ratio: low, high: low + 1 }) as Ratio;
  it("is the first size after the last that is not faster", () => {
    expect(fasterFrom([ratio(1, 0.9), ratio(2, 1.1), ratio(4, 0.99), ratio(8, 1.2)])).toBe(8);
    expect(fasterFrom([ratio(1, 1.1)])).toBe(1);
    expect(fasterFrom([ratio(1, 1.1), ratio(2, 0.9)])).toBeUndefined();
  });
});
