/** Strips: what stands in a line is what the rows say, and nothing is drawn of nothing. */
import type { TopLevelSpec } from "vega-lite";
import { describe, expect, it } from "vitest";
import { renderSvg } from "../../../reports/charts/render.js";
import { boundsChart } from "../../../reports/charts/strips/bounds.js";
import { growthChart } from "../../../reports/charts/strips/growth.js";
import { spreadChart } from "../../../reports/charts/strips/spread.js";
import { rejected, syntheticRun } from "../fixtures.js";
import { measuredRow } from "../rows.js";

const LENGTHS = [512, 1024, 2048, 4096];

/** One curve whose time is length to a power. */
const curve = (name: string, power: number, change: object = {}) =>
  LENGTHS.map((length) => {
    const [operator, form, engine] = name.split(/[/.]/);
    const medianNs = 1e3 * length ** power;
    const times = Object.entries({
      minNs: 0.9,
      ci95LowNs: 0.99,
      p25Ns: 0.95,
      p75Ns: 1.2,
      ci95HighNs: 1.01,
    }).map(([key, share]) => [key, share * medianNs]);
    const id = `${name} dtype=f32 batch=1 length=${length} heads=1 groups=1 headDim=64`;
    return measuredRow({
      id,
      operator,
      form,
      engine,
      length,
      medianNs,
      ...Object.fromEntries(times),
      ...change,
    });
  });
const rows = [...curve("ssd/chunked.cpu", 1), ...curve("attention/tiled.cpu", 2)];

/** The first data of a panel, a line a strip. */
function linesOf(spec: TopLevelSpec | undefined): Record<string, number | string>[] {
  const found = JSON.stringify(spec).match(/"data":\{"values":(\[\{"[^\]]*"place"[^\]]*\])\}/);
  return JSON.parse(found![1]);
}

describe("growth", () => {
  it("has each curve's exponent, of a family once", () => {
    const lines = linesOf(growthChart(syntheticRun(), rows));
    expect(lines.map(({ curve, exponent }) => [curve, Number(exponent).toFixed(6)]).sort()).toEqual([
      ["Attention: 2.00", "2.000000"],
      ["SSD: 1.00", "1.000000"],
    ]);
  });

  it("is absent where a slope has no three sizes", () => {
    expect(
      growthChart(
        syntheticRun(),
        rows.filter(({ length }) => length < 2048),
      ),
    ).toBeUndefined();
  });
});

describe("bounds", () => {
  it("has the worst and the best case of each implementation, the nearest to its bound on top", () => {
    const some = [
      measuredRow({ errorU: 1, boundU: 100 }),
      measuredRow({ errorU: 40, boundU: 80, length: 1024, id: "worst" }),
      ...curve("attention/tiled.cpu", 2, { errorU: 90, boundU: 100 }),
      rejected("ssd/recurrent.cpu", 512, 64, "wrong"),
    ];
    const lines = linesOf(boundsChart(syntheticRun(), some)).map(({ curve, low, high, case: id }) => [
      curve,
      low,
      high,
      id,
    ]);
    // a rejected one lies right of the rule
    expect(lines[0]).toEqual([
      "ssd/recurrent.cpu, f32",
      expect.closeTo(4285.71, 2),
      expect.closeTo(4285.71, 2),
      expect.anything(),
    ]);
    expect(lines[1].slice(0, 3)).toEqual(["attention/tiled.cpu, f32", 0.9, 0.9]);
    expect(lines.find(([name]) => String(name).startsWith("ssd/chunked"))).toEqual([
      "ssd/chunked.cpu, f32",
      ...[0.01, 0.5, "worst"],
    ]);
  });

  it("has a place for an exact output, and says that it is exact", () => {
    const [line] = linesOf(boundsChart(syntheticRun(), [measuredRow({ errorU: 0 })]));
    expect([line.error_over_bound, line.said]).toEqual([
      1e-4,
      expect.stringMatching(/of its bound \(exact\) in 1 case$/),
    ]);
    expect(boundsChart(syntheticRun(), [])).toBeUndefined();
  });
});

describe("samples", () => {
  it("has quartiles and the least sample over the median, at the largest size", () => {
    const [line] = linesOf(spreadChart(syntheticRun(), curve("ssd/chunked.cpu", 1)));
    expect(line).toMatchObject({ curve: "SSD at 4K, 30 samples", time_over_median: 1 });
    const { low, high, box_low, box_high } = line;
    for (const [got, wanted] of [
      [low, 0.9],
      [box_low, 0.95],
      [box_high, 1.2],
      [high, 1.2],
    ])
      expect(got).toBeCloseTo(Number(wanted), 9);
  });

  it("draws names, points that tell their case, and no complaint", async () => {
    const svg = await renderSvg(spreadChart(syntheticRun(), rows)!);
    expect(svg).toContain("Attention at 4K, 30 samples");
    expect(svg).toMatch(/aria-label="SSD at 4K: median [^"]*, half of 30 samples from [^"]*"/);
  });
});
