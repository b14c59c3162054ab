import { linearRegression } from "simple-statistics";
import { describe, expect, it } from "vitest";
import { groupsOf } from "../../../reports/analysis/curves.js";
import { growthOf, weightedSlope } from "../../../reports/analysis/growth.js";
import { measured, noise } from "../fixtures.js";

const curve = (lengths: readonly number[], time: (length: number) => number) =>
  groupsOf(
    lengths.map((length) => measured("ssd/chunked.cpu", length, 64, time(length))),
    "length",
  )[0].curves[0];

describe("weighted slope", () => {
  it("is the ordinary one when all points weigh the same (oracle: simple-statistics)", () => {
    const points = Array.from({ length: 9 }, (_, i) => ({ x: i, y: 3 * i + noise(`y${i}`), sigma: 0.5 }));
    const { m } = linearRegression(points.map(({ x, y }) => [x, y]));
    expect(weightedSlope(points).slope).toBeCloseTo(m, 12);
  });

  it("is the ordinary one of a sample where a point of weight k stands k times", () => {
    const weights = [1, 4, 2, 3, 1];
    const points = weights.map((w, i) => ({ x: i, y: noise(`z${i}`), sigma: 1 / Math.sqrt(w) }));
    const repeated = points.flatMap(({ x, y }, i) => Array.from({ length: weights[i] }, () => [x, y]));
    expect(weightedSlope(points).slope).toBeCloseTo(linearRegression(repeated).m, 12);
  });

  it("has the error that the sigmas promise when the points are on a line", () => {
    const points = [-1, 0, 1].map((x) => ({ x, y: 2 * x, sigma: 0.1 }));
    expect(weightedSlope(points).standardError).toBeCloseTo(0.1 / Math.sqrt(2), 12);
  });

  it("has a larger one when the points scatter more than that", () => {
    const points = [0, 1, 2, 3].map((x) => ({ x, y: x % 2, sigma: 1e-3 }));
    expect(weightedSlope(points).standardError).toBeGreaterThan(0.1);
  });
});

describe("growth exponent", () => {
  it("covers the power that made the rows", () => {
    for (const power of [1, 1.5, 2]) {
      const growth = growthOf(curve([512, 1024, 2048, 4096, 8192, 16384], (t) => 10 * t ** power))!;
      expect(growth.low).toBeLessThan(power);
      expect(growth.high).toBeGreaterThan(power);
      expect([growth.from, growth.to, growth.points]).toEqual([1024, 16384, 5]);
    }
  });

  it("needs three measured sizes", () => {
    expect(growthOf(curve([512, 1024], (t) => t))).toBeUndefined();
  });

  it("makes nothing of points whose interval begins at zero", () => {
    const rows = [512, 1024, 2048, 4096].map((length) => measured("ssd/chunked.cpu", length, 64, length));
    const coarse = rows.map((row) => ({ ...row, ci95LowNs: 0 }));
    expect(growthOf(groupsOf(coarse, "length")[0].curves[0])).toBeUndefined();
    const mixed = [coarse[0], ...rows.slice(1)];
    expect(growthOf(groupsOf(mixed, "length")[0].curves[0])).toMatchObject({ from: 1024, points: 3 });
  });
});
