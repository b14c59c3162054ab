/** The decision by simulation: runs with effects of their own, cases that scatter differently, and now and then a neighbour. */
import { describe, expect, it } from "vitest";
import {
  type Change,
  changesOfFew,
  changesOfMany,
  ENOUGH_RUNS,
  type Readings,
  runsFor,
} from "../../../../reports/analysis/compare/change.js";
import { studentT99 } from "../../../../reports/analysis/compare/student.js";
import { noise } from "../../fixtures.js";

const SEED = "compare 1";
const CASES = 60;
const ROUNDS = 60;

/** A normal number that depends on its name alone (Box and Muller). */
function normal(name: string): number {
  const [u, v] = ["u", "v"].map((part) => (noise(`${SEED} ${name} ${part}`) + 1) / 2);
  return Math.sqrt(-2 * Math.log(Math.max(u, 1e-9))) * Math.cos(2 * Math.PI * v);
}

/** Log times of one run: 3% of its own, 1 to 4% a case, and one case in twenty is off by some 10%. */
function oneRun(name: string, shift: (i: number) => number): number[] {
  const own = 0.03 * normal(name);
  return Array.from({ length: CASES }, (_, i) => {
    const spread = 0.01 + 0.015 * (1 + noise(`${SEED} spread ${i}`));
    const disturbed =
      noise(`${SEED} ${name} ${i} disturbed`) > 0.9 ? 0.1 * Math.abs(normal(`${name} ${i} by`)) : 0;
    return 14 + i / 10 + own + spread * normal(`${name} ${i}`) + disturbed + shift(i);
  });
}

function readings(round: number, runs: number, shift: (i: number) => number): Readings[] {
  const side = (name: string, by: (i: number) => number) =>
    Array.from({ length: runs }, (_, run) => oneRun(`${round} ${name} ${run}`, by));
  const [before, after] = [side("before", () => 0), side("after", shift)];
  return Array.from({ length: CASES }, (_, i) => ({
    before: before.map((run) => run[i]),
    after: after.map((run) => run[i]),
  }));
}

const single = ({ before, after }: Readings) => ({
  logRatio: after[0] - before[0],
  sigmaWithin: 0.005,
  runs: 1,
});

const named = (changes: readonly Change[]) =>
  changes.filter(({ verdict }) => verdict === "slower" || verdict === "faster");

describe(`three runs a side (seed ${SEED})`, () => {
  it("names at most 5% of unchanged cases, and says no difference shown of the others", () => {
    const all = Array.from({ length: ROUNDS }, (_, round) =>
      changesOfMany(readings(round, ENOUGH_RUNS, () => 0)),
    );
    expect(named(all.flat()).length).toBeLessThan(0.05 * CASES * ROUNDS);
    // not only on average: no single comparison of equal code may look like a change of many cases, but for bad luck
    const loud = all.filter((changes) => named(changes).length > 0.05 * CASES);
    expect(loud.length).toBeLessThanOrEqual(0.05 * ROUNDS);
    for (const { verdict } of all.flat()) expect(verdict).not.toBe("not enough data");
  });

  it("finds a case that was slowed by 20%, and no other for it", () => {
    const found = Array.from({ length: ROUNDS }, (_, round) =>
      changesOfMany(readings(round, ENOUGH_RUNS, (i) => (i === 7 ? Math.log(1.2) : 0))),
    ).map((changes) => changes[7].verdict);
    expect(found.filter((verdict) => verdict === "slower").length).toBeGreaterThan(0.8 * ROUNDS);
    expect(found).not.toContain("faster");
  });

  it("covers the true ratio with its interval", () => {
    const all = Array.from({ length: ROUNDS }, (_, round) =>
      changesOfMany(readings(round, ENOUGH_RUNS, () => Math.log(1.1))),
    ).flat();
    const covered = all.filter(({ low, high }) => low <= 1.1 && high >= 1.1).length;
    expect(covered / all.length).toBeGreaterThan(0.95);
  });

  it("sees a change of every case when it is larger than runs differ", () => {
    const changes = changesOfMany(readings(0, 5, () => Math.log(1.5)));
    expect(named(changes).length).toBeGreaterThan(0.9 * CASES);
  });

  it("needs no neighbours: one case alone is judged by its own scatter", () => {
    const alone = (after: number[]) => changesOfMany([{ before: [10, 10.01, 9.99], after }])[0];
    expect(alone([10.5, 10.51, 10.49]).verdict).toBe("slower");
    expect(alone([10.01, 10.0, 10.02]).verdict).toBe("no difference shown");
    expect(changesOfMany([])).toEqual([]);
  });
});

describe("one run a side", () => {
  it("names at most 5% of unchanged cases, and asks for more runs otherwise", () => {
    const all = Array.from({ length: ROUNDS }, (_, round) =>
      changesOfFew(readings(round, 1, () => 0).map(single)),
    ).flat();
    expect(named(all).length).toBeLessThan(0.05 * all.length);
    for (const { verdict, runsNeeded } of all)
      if (verdict === "not enough data") expect(runsNeeded).toBeGreaterThanOrEqual(ENOUGH_RUNS);
  });

  it("takes a change of all cases for a slow run", () => {
    const changes = changesOfFew(readings(0, 1, () => Math.log(1.2)).map(single));
    expect(named(changes)).toEqual([]);
  });

  it("names what no run differs by", () => {
    const changes = changesOfFew(readings(0, 1, (i) => (i === 3 ? Math.log(3) : 0)).map(single));
    expect(changes[3].verdict).toBe("slower");
  });

  it("says nothing of a case alone", () => {
    const [change] = changesOfFew([{ logRatio: 2, sigmaWithin: 0.001, runs: 1 }]);
    expect(change).toMatchObject({ verdict: "not enough data", smallest: Number.POSITIVE_INFINITY });
  });
});

it("asks for as many runs as the noise needs", () => {
  const quiet = runsFor(Math.log(1.2), 0.02);
  expect(quiet).toBe(ENOUGH_RUNS);
  expect(runsFor(Math.log(1.05), 0.05)).toBeGreaterThan(quiet);
  for (const [log, sigma] of [
    [0.05, 0.05],
    [0.1, 0.05],
  ]) {
    const runs = runsFor(log, sigma);
    const half = (n: number) => studentT99(2 * n - 2) * sigma * Math.sqrt(2 / n);
    expect(half(runs)).toBeLessThanOrEqual(log);
    expect(half(runs - 1)).toBeGreaterThan(log);
  }
});

it("has Student's quantiles between the entries of its table", () => {
  // R: qt(0.995, c(4, 7.5, 11, 25, 1e9))
  for (const [df, t] of [
    [4, 4.6041],
    [7.5, 3.4229],
    [11, 3.1058],
    [25, 2.7874],
    [1e9, 2.5758],
  ])
    expect(Math.abs(studentT99(df) - t)).toBeLessThan(0.01);
  expect(studentT99(0.3)).toBe(studentT99(1));
});
