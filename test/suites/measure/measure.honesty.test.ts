/** The harness measured by itself, on a clock whose truth is known (issue: a runner that can be trusted). */
import { describe, expect, it } from "vitest";
import { ratioInterval } from "../../../reports/analysis/speedup.js";
import { type Summary, summarise } from "../../../suites/measure/measure.js";
import { measureOnce } from "./measure-once.js";
import { SimulatedClock, syntheticImplementation } from "./synthetic.js";

const RUNS = 1000;

async function summaries(
  seed: number,
  costs: Readonly<Record<string, (clock: SimulatedClock) => number>>,
): Promise<Record<string, Summary>> {
  const clock = new SimulatedClock(seed);
  const implementations = Object.entries(costs).map(([make, cost]) =>
    syntheticImplementation(clock, make, () => cost(clock)),
  );
  const outcomes = await measureOnce(clock, implementations, seed);
  return Object.fromEntries(
    [...outcomes].map(([make, outcome]) => {
      if (outcome.status !== "measured") throw new Error(JSON.stringify(outcome));
      return [make, summarise(outcome.samples)];
    }),
  );
}

describe("honesty of the clock", () => {
  it(`recovers a cost of 1 ms with 3% noise within its interval in 95% of ${RUNS} runs`, async () => {
    let inside = 0;
    for (let seed = 0; seed < RUNS; seed++) {
      const { a } = await summaries(seed, { a: (clock) => Math.exp(0.03 * clock.gauss()) });
      if (a.ci95LowNs <= 1e6 && 1e6 <= a.ci95HighNs) inside++;
    }
    expect(inside / RUNS).toBeGreaterThanOrEqual(0.95);
  });

  it("adds nothing to a noiseless 1 ms, and less than 2% with a call that costs 5 us beside the kernel", async () => {
    const { a } = await summaries(1, { a: () => 1 });
    expect(a.medianNs).toBeCloseTo(1e6, 3);
    const { b } = await summaries(1, { b: () => 1.005 });
    expect(b.medianNs / 1e6).toBeLessThan(1.02);
  });

  it("repeats runs that are shorter than its shortest sample, and reports the time of one", async () => {
    const { a } = await summaries(1, { a: () => 0.001 });
    expect(a.medianNs).toBeCloseTo(1e3, 3);
  });

  it("shows no winner between an implementation and itself, though the clock drifts and the first of a round pays", async () => {
    let one = 0;
    for (let seed = 0; seed < RUNS; seed++) {
      let last = "";
      // a machine that warms up by a few percent, and a cost of coming after somebody else
      const cost = (make: string) => (clock: SimulatedClock) => {
        const switched = last !== make;
        last = make;
        const drift = 1 + 0.03 * Math.min(1, (clock.ms - 1_000_000) / 200);
        return drift * Math.exp(0.03 * clock.gauss()) * (switched ? 1.05 : 1);
      };
      const { a, b } = await summaries(seed, { a: cost("a"), b: cost("b") });
      const timed = ({ medianNs, ci95LowNs, ci95HighNs }: Summary) => ({
        ns: medianNs,
        lowNs: ci95LowNs,
        highNs: ci95HighNs,
      });
      const { low, high } = ratioInterval(timed(a), timed(b));
      if (low <= 1 && 1 <= high) one++;
    }
    expect(one / RUNS).toBeGreaterThanOrEqual(0.95);
  });
});
