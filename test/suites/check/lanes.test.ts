import { describe, expect, it } from "vitest";
import { attention } from "../../../impls/attention/operator.js";
import { laneTotal } from "../../../impls/lanes.js";
import { type Problem, randomProblem } from "../../../impls/operator.js";
import { ssd } from "../../../impls/ssd/operator.js";
import { chooseLanes } from "../../../suites/check/lanes.js";

function ssdProblem(dims: Partial<Record<string, number>>): Problem {
  const all = { batch: 1, length: 64, heads: 1, groups: 1, headDim: 4, state: 8, ...dims };
  return randomProblem(ssd, { dims: all as never }) as Problem;
}

describe("chooseLanes", () => {
  it("takes all lanes while that is cheap", () => {
    const { lanes, checked, total } = chooseLanes(ssd, ssdProblem({ heads: 3, headDim: 5 }));
    expect([checked, total]).toEqual([15, 15]);
    expect(lanes.every(({ kind }) => kind === "element")).toBe(true);
  });

  it("else corners, group edges and random ones, at least eight, and a projection of every head", () => {
    const problem = ssdProblem({ batch: 2, length: 4096, heads: 16, groups: 4, headDim: 64, state: 64 });
    const { lanes, checked, total } = chooseLanes(ssd, problem, 1);
    expect(total).toBe(2 * 16 * 64);
    expect(checked).toBeGreaterThanOrEqual(8);
    const at = (b: number, h: number, p: number) => (b * 16 + h) * 64 + p;
    const elements = new Set(lanes.filter(({ kind }) => kind === "element").map(({ index }) => index));
    for (const b of [0, 1])
      for (const h of [0, 15]) for (const p of [0, 63]) expect(elements).toContain(at(b, h, p));
    for (const h of [3, 4, 12]) expect(elements).toContain(at(0, h, 0));
    expect(lanes.filter(({ kind }) => kind === "projection").map(({ index }) => index)).toEqual([
      ...Array(32).keys(),
    ]);
    expect(elements.size).toBe(checked);
  });

  it("is the same for the same problem, another for another seed", () => {
    const problem = ssdProblem({ length: 4096, headDim: 64, heads: 64 });
    expect(chooseLanes(ssd, problem, 1)).toEqual(chooseLanes(ssd, problem, 1));
    expect(chooseLanes(ssd, { ...problem, seed: 1 }, 1)).not.toEqual(chooseLanes(ssd, problem, 1));
  });

  it("holds neighbouring rows where a lane is a row", () => {
    const dims = { batch: 1, length: 4096, context: 4096, heads: 2, groups: 2, headDim: 64, headDimV: 64 };
    const problem = randomProblem(attention, { dims }) as Problem;
    const { lanes } = chooseLanes(attention, problem, 1);
    const rows = new Set(lanes.map(({ index }) => Math.floor(index / 2)));
    for (const row of [0, 63, 64, 4094, 4095]) expect(rows).toContain(row);
    expect(laneTotal(attention, problem)).toBe(2 * 4096);
  });

  it.each([
    [131_072, 8],
    [262_144, 4],
    [524_288, 4],
  ])(
    "at %i tokens, where a lane is most of what is affordable, there are %i, never none",
    (length, wanted) => {
      const problem = ssdProblem({ length, headDim: 64, state: 64 });
      const { lanes, checked } = chooseLanes(ssd, problem, 2e7);
      expect(checked).toBe(wanted);
      const elements = lanes.filter(({ kind }) => kind === "element").map(({ index }) => index);
      expect(elements).toEqual(expect.arrayContaining([0, 63]));
      expect(lanes.some(({ kind }) => kind === "projection")).toBe(true);
    },
  );

  it("never more than there are, with one lane too", () => {
    const { checked, total } = chooseLanes(ssd, ssdProblem({ headDim: 1 }), 0);
    expect([checked, total]).toEqual([1, 1]);
  });

  it("holds the places where a flat offset crosses 2^31 and 2^32", () => {
    const problem = ssdProblem({ length: 524288, heads: 128, headDim: 128 });
    const { lanes } = chooseLanes(ssd, problem, 1);
    const elements = new Set(lanes.filter(({ kind }) => kind === "element").map(({ index }) => index));
    for (const offset of [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 - 1])
      expect(elements).toContain(offset % (128 * 128));
  });
});
