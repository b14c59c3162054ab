import { expect, it } from "vitest";
import { leakedBytesPerRun } from "../../../suites/measure/leaks.js";

const windows = (...kib: number[]) => kib.map((k) => ({ bytes: k * 1024, runs: 8 }));

it("a leak grows in every stretch of runs", () => {
  expect(leakedBytesPerRun(windows(800, 810, 790))).toBe(790 * 128);
});

it("what a compiler keeps once is no leak, nor is what a collector gives back", () => {
  expect(leakedBytesPerRun(windows(5000, 1, 2))).toBe(0);
  expect(leakedBytesPerRun(windows(300, 200, -400))).toBe(0);
});

it("of many stretches one may hide a leak behind old garbage, but two may not, and what is given back is no leak", () => {
  expect(leakedBytesPerRun(windows(800, 810, -500, 790, 805))).toBe(790 * 128);
  expect(leakedBytesPerRun(windows(800, 810, -500, -400, 805))).toBe(0);
  expect(leakedBytesPerRun(windows(300, 300, 300, 300, -1200))).toBe(0);
});

it("two stretches cannot tell", () => {
  expect(leakedBytesPerRun(windows(800, 800))).toBe(0);
});
