import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDuration,
  formatInterval,
  formatMilliseconds,
  formatNumber,
  formatRate,
  formatRatio,
  formatSize,
  shorten,
} from "../../reports/format.js";

describe("formatter", () => {
  it.each([
    [0, "0 ns"],
    [0.4, "0.400 ns"],
    [999, "999 ns"],
    [999.6, "1.00 us"],
    [1234, "1.23 us"],
    [2_130_000, "2.13 ms"],
    [999_600_000, "1.00 s"],
    [2.5e9, "2.50 s"],
    [3.6e12, "3,600 s"],
  ])("writes %d ns as %s", (ns, text) => expect(formatDuration(ns)).toBe(text));

  it("gives both ends of an interval one unit, and digits enough to differ", () => {
    expect(formatInterval(950_000, 1_050_000)).toBe("0.950 to 1.05 ms");
    expect(formatInterval(1_000_000, 1_001_000)).toBe("1.000 to 1.001 ms");
  });

  it.each([
    [512, "512"],
    [1000, "1000"],
    [1024, "1K"],
    [524_288, "512K"],
    [1_048_576, "1M"],
  ])("writes the size %d as %s", (size, text) => expect(formatSize(size)).toBe(text));

  it("writes ticks of an axis in ms without losing small ones", () => {
    expect([1e2, 1e5, 1e6, 1e12].map(formatMilliseconds)).toEqual(["0.0001", "0.1", "1", "1,000,000"]);
  });

  it("writes ratios, bytes and rates", () => {
    expect(formatRatio(4.368)).toBe("4.37x");
    expect(formatRatio(Number.POSITIVE_INFINITY)).toBe("no end");
    expect([1e308, 1e-308, 0].map((value) => formatNumber(value))).toEqual(["1.00e+308", "1.00e-308", "0"]);
    expect(formatBytes(1536)).toBe("1.5 KiB");
    expect(formatBytes(0)).toBe("0 B");
    expect(formatRate(4.5e10, "FLOP/s")).toBe("45 GFLOP/s");
    expect(formatRate(1e9, "FLOP/s")).toBe("1 GFLOP/s");
  });

  it("shortens to exactly the length asked for", () => {
    for (const length of [1, 2, 3, 10, 19])
      expect(shorten("abcdefghijklmnopqrst", length)).toHaveLength(length);
    expect(shorten("short", 5)).toBe("short");
  });
});
