/** Is a leak told apart from noise? On levels of live memory that were recorded beside two busy loops, and on lagging sweeps. */
import { describe, expect, it } from "vitest";
import { chanceOfOrder, grewMostly, leakedBytesPerRun, type Memory } from "../../../suites/measure/leaks.js";
import { SimulatedClock } from "./synthetic.js";

const KIB = 1024;

/**
 * Live memory of tfjs' FFT after each four runs and a forced collection, less its first level: two busy loops beside it on two cores.
 */
// biome-ignore format: a table
const RECORDED = [
  184120, 0, -536, 156016, 352, 520, 520, 2088, 2088, 2088, 169536, 7552, 7552, 7552,
  7552, 16232, 169760, 32792, 33000, 40624, 40624, 40624, 41376, 41376, 41376, 42392, 63760, 106336,
  64536, 64536, 64536, 77344, 77344, 77344, 77424, 77424, 77424, 77424, 77592, 77592, 77688, 77688,
  77688, 77688, 78000, 78000, 78000, 78000, 78000, 78680, 80832, 80832, 80832, 85576, 85576, 85720,
  86688, 86688, 98536, 98472, 114912, 114880, 119632, 119936, 119872, 119872, 119872, 119872, 119872, 119872,
  119872, 119872, 119872, 119872, 119872, 119984, 119984, 119984, 119984, 119984, 119984, 119984, 119984, 120616,
  120616, 120616, 120616, 120616, 120616, 120616, 120616, 121064, 120616, 120616, 120616, 120616, 123872, 124568,
  124904, 125088, 125088, 125088, 125088, 125088, 125088, 138776, 138776, 303336, 138832, 138832, 139224, 138832,
  138832, 138832, 274376, 155424, 155424, 155424, 155424, 155424,
];

/** What lies on top of live memory: it may change with every stretch of runs, or with every look. */
interface Noise {
  ran?(): void;
  look(): number;
}

/** A process with such noise, and whose every run leaves `leak` bytes. */
function memory(noise: Noise, leak: number): Memory {
  let kept = 0;
  return {
    run: async (times) => {
      kept += times * leak;
      noise.ran?.();
    },
    rest: async () => {},
    liveBytes: () => 40_000 * KIB + kept + noise.look(),
  };
}

/** Some stretch of the recording, from a place drawn from the seed; at its end it goes on from where it stands as from its second level. */
function recorded(clock: SimulatedClock): Noise {
  let at = Math.floor(clock.random() * RECORDED.length);
  const lap = RECORDED.length - 1;
  const drift = RECORDED[lap] - RECORDED[1];
  return {
    ran: () => void at++,
    look() {
      const laps = Math.max(0, Math.floor((at - 1) / lap));
      return RECORDED[at - laps * lap] + laps * drift;
    },
  };
}

/** Garbage that a starved thread sweeps in some of its turns: what is live seems to grow by up to 160 KiB at a time until it does. */
const lagging =
  (sweeps: number) =>
  (clock: SimulatedClock): Noise => {
    let unswept = 0;
    return {
      look() {
        unswept = clock.random() < sweeps ? 0 : unswept + clock.random() * 160 * KIB;
        return unswept;
      },
    };
  };

async function flagged(noise: (clock: SimulatedClock) => Noise, leak: number, estimateNs: number) {
  let count = 0;
  for (let seed = 1; seed <= 200; seed++)
    if ((await leakedBytesPerRun(memory(noise(new SimulatedClock(seed)), leak), estimateNs, [])) > 0) count++;
  return count;
}

describe.each([
  ["recorded beside two busy loops", recorded],
  ["of a sweeper that lags", lagging(0.4)],
  ["of one that sweeps in one turn of four", lagging(0.25)],
] as const)("noise %s", (_name, noise) => {
  it.each([1e5, 2e6])("is no leak in 200 cases of %d ns a run", async (estimateNs) => {
    expect(await flagged(noise, 0, estimateNs)).toBe(0);
  });

  it("does not hide a leak of 64 KiB a run", async () => {
    expect(await flagged(noise, 64 * KIB, 1e5)).toBe(200);
  });
});

it("is no leak in 200 cases of slow runs either, whose timed turns were the first look, beside the worst sweeper", async () => {
  for (const estimateNs of [2e7, 2e8, 2e9]) {
    let count = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const place = memory(lagging(0.25)(new SimulatedClock(seed)), 0);
      // three turns, in each of which live memory grew
      const seen = [1, 2, 3].map(() => ({ bytes: 100 * KIB, runs: 1 }));
      if ((await leakedBytesPerRun(place, estimateNs, seen)) > 0) count++;
    }
    expect(count, `${estimateNs} ns`).toBe(0);
  }
});

it("finds a leak of 64 KiB in slow runs though garbage of before was swept in the first of three turns", async () => {
  // recorded beside two busy loops
  const seen = [-218_648, 100_944, 65_760].map((bytes) => ({ bytes, runs: 1 }));
  const found = await leakedBytesPerRun(memory({ look: () => 0 }, 64 * KIB), 2e9, seen);
  expect(found / (64 * KIB)).toBeCloseTo(1, 6);
});

it("takes what a compiler keeps during its first runs for no leak, although every level is higher than the one before", async () => {
  // tfjs' FFT at 512 tokens on an idle machine: 4.3 KiB more after each of the 16 runs looked at
  let warm = 0;
  const warming: Memory = {
    run: async (times) => {
      warm += Math.min(times, 2);
    },
    rest: async () => {},
    liveBytes: () => 40_000 * KIB + warm * 4.3 * KIB,
  };
  const seen = [1, 2, 3].map(() => ({ bytes: 40 * KIB, runs: 4 }));
  for (const estimateNs of [1e6, 10e6, 250e6])
    expect(await leakedBytesPerRun(warming, estimateNs, seen)).toBe(0);
});

it("finds a leak of 8 KiB where runs are short enough for many of them", async () => {
  const seen = [1, 2, 3].map(() => ({ bytes: 40 * KIB, runs: 4 }));
  for (const estimateNs of [1e6, 10e6])
    expect(await leakedBytesPerRun(memory({ look: () => 0 }, 8 * KIB), estimateNs, seen)).toBe(8 * KIB);
});

it("finds a leak of 64 KiB in slow runs, whose timed turns were the first look, and says how much a run leaves", async () => {
  const seen = [1, 2, 3].map(() => ({ bytes: 2 * 64 * KIB, runs: 2 }));
  const noise = recorded(new SimulatedClock(5));
  const found = await leakedBytesPerRun(memory(noise, 64 * KIB), 2e9, seen);
  expect(found / (64 * KIB)).toBeGreaterThan(0.8);
  expect(found / (64 * KIB)).toBeLessThan(1.2);
});

it("looks closer only where live memory grew in most stretches", () => {
  const stretches = (...kib: number[]) => kib.map((k) => ({ bytes: k * KIB, runs: 8 }));
  expect(grewMostly(stretches(800, 810, 790))).toBe(true);
  expect(grewMostly(stretches(5000, 1, 2))).toBe(false);
  expect(grewMostly(stretches(300, 200, -400))).toBe(true);
  expect(grewMostly(stretches(300, -200, -500))).toBe(false);
  expect(grewMostly(stretches(800, 810, -500, 790, 805))).toBe(true);
  expect(grewMostly(stretches(800, -300, -500, -400, 805))).toBe(false);
  expect(grewMostly(stretches(300, 300, 300, 300, -1200))).toBe(true);
  expect(grewMostly(stretches(800, 800))).toBe(false);
});

it("knows how likely an order is: of three values one of six rises throughout, three have one falling pair at most", () => {
  expect(chanceOfOrder([1, 2, 3])).toBeCloseTo(1 / 6, 12);
  expect(chanceOfOrder([2, 1, 3])).toBeCloseTo(3 / 6, 12);
  expect(chanceOfOrder([3, 2, 1])).toBeCloseTo(1, 12);
  expect(chanceOfOrder([1, 1, 2])).toBeCloseTo(3 / 6, 12);
});
