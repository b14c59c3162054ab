/** Where a lane lies in an output. */
import { describe, expect, it } from "vitest";
import { gatherLane, laneCoordinates, laneTotal, laneView, projectionWeight } from "../../impls/lanes.js";
import { randomProblem } from "../../impls/operator.js";
import { ssd } from "../../impls/ssd/operator.js";

const problem = randomProblem(ssd, {
  dims: { batch: 2, length: 5, heads: 3, groups: 1, headDim: 4, state: 7 },
});
const flat = (size: number) => Float64Array.from({ length: size }, (_, i) => i);

describe("lanes of ssd", () => {
  it("are one a batch entry, head and channel; projections one a head", () => {
    expect(laneTotal(ssd, problem)).toBe(2 * 3 * 4);
    expect(laneTotal(ssd, problem, "projection")).toBe(2 * 3);
  });

  it("are numbered in C order", () => {
    expect(laneCoordinates(ssd, problem, { kind: "element", index: 23 })).toEqual({
      batch: 1,
      heads: 2,
      headDim: 3,
    });
    expect(laneCoordinates(ssd, problem, { kind: "projection", index: 4 })).toEqual({ batch: 1, heads: 1 });
  });

  it("run over tokens in Y and over the state in finalState", () => {
    const lane = { kind: "element", index: 1 * 12 + 2 * 4 + 3 } as const;
    const Y = gatherLane(flat(2 * 5 * 12), laneView(ssd, problem, "Y", lane));
    expect([...Y]).toEqual([0, 1, 2, 3, 4].map((t) => (5 + t) * 12 + 11));
    const state = gatherLane(flat(2 * 12 * 7), laneView(ssd, problem, "finalState", lane));
    expect([...state]).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => 23 * 7 + n));
  });

  it("cover every element once", () => {
    const seen = new Float64Array(2 * 5 * 12);
    for (let index = 0; index < 24; index++) {
      const { offset, stride, count } = laneView(ssd, problem, "Y", { kind: "element", index });
      for (let i = 0; i < count; i++) seen[offset + i * stride]++;
    }
    expect(seen.every((times) => times === 1)).toBe(true);
  });

  it("a projection is the weighted sum of its channels", () => {
    const values = flat(2 * 5 * 12).map(Math.sqrt);
    const projection = gatherLane(values, laneView(ssd, problem, "Y", { kind: "projection", index: 4 }));
    const channels = [0, 1, 2, 3].map((p) =>
      gatherLane(values, laneView(ssd, problem, "Y", { kind: "element", index: 4 * 4 + p })),
    );
    const wanted = Array.from(projection, (_, t) =>
      channels.reduce((sum, lane, p) => sum + projectionWeight(p) * lane[t], 0),
    );
    for (const [t, value] of wanted.entries()) expect(projection[t]).toBeCloseTo(value, 10);
  });

  it("projection weights are of both signs", () => {
    const weights = Array.from({ length: 64 }, (_, p) => projectionWeight(p));
    expect(new Set(weights)).toEqual(new Set([1, -1]));
    expect(Math.abs(weights.reduce((sum, w) => sum + w, 0))).toBeLessThan(32);
  });
});
