/** Whole layers as curves: prompts apart from single tokens, and crossings only where intervals tell who is faster. */
import { describe, expect, it } from "vitest";
import { crossingsOf, layerGroups } from "../../../../reports/analysis/blocks/layers.js";
import { measuredRow } from "../../rows.js";

const row = (operator: string, length: number, ms: number, spread = 0.01, context?: number) => {
  const id = `${operator}/x.cpu dtype=f32 batch=1 length=${length} modelDim=64${context ? ` context=${context}` : ""}`;
  const [medianNs, ci95LowNs, ci95HighNs] = [1, 1 - spread, 1 + spread].map((share) => share * ms * 1e6);
  const sizes = { modelDim: 64, ...(context ? { context } : {}) };
  return measuredRow({ suite: "block", operator, id, length, medianNs, ci95LowNs, ci95HighNs, ...sizes });
};

/** Times of Mamba-2, which grow by 2, and of attention over 256, 512, ... tokens. */
const crossings = (attention: readonly number[], spreads: readonly number[] = []) => {
  const rows = attention.flatMap((ms, i) => [
    row("mamba2_block", 256 * 2 ** i, 2 ** i, spreads[i]),
    row("attention_block", 256 * 2 ** i, ms, spreads[i]),
  ]);
  const [{ curves }] = layerGroups(rows, "length");
  return crossingsOf(curves);
};

describe("crossings of layers", () => {
  it("stand where straight lines through the logarithms meet", () => {
    // 1, 2, 4 against 0.5, 2 sqrt 2 (from below), 16: half way in logarithms between 256 and 512 would be equal gaps
    const [crossing, ...others] = crossings([0.5, 4, 16]);
    expect(others).toEqual([]);
    expect(crossing).toMatchObject({ slower: "Attention", other: "Mamba-2" });
    expect(crossing.x).toBeCloseTo(256 * Math.SQRT2, 9);
    expect(crossing.ns).toBeCloseTo(1e6 * Math.SQRT2, 3);
  });

  it("do not come of sizes where the intervals of both overlap", () => {
    // attention is a little slower at 512, as far as a wide interval can tell
    expect(crossings([0.5, 2.1, 2], [0.01, 0.2, 0.01])).toEqual([]);
    expect(crossings([0.5, 2.1, 2], [0.01, 0.001, 0.001])).toHaveLength(2);
  });

  it("go past such a size to the next that tells", () => {
    const [crossing, ...others] = crossings([0.5, 1.9, 8], [0.01, 0.2, 0.01]);
    expect(others).toEqual([]);
    // the gap is -ln 2 at 256 and ln 2 at 1,024
    expect(crossing.x).toBeCloseTo(512, 9);
  });

  it("are none between curves that touch at one size only", () => {
    expect(crossings([1], [0])).toEqual([]);
  });
});

it("keeps prompts apart from single tokens", () => {
  const rows = [
    row("mamba2_block", 256, 1),
    row("mamba2_block", 512, 2),
    row("attention_block", 1, 1, 0.01, 512),
  ];
  const names = (xKey: "length" | "context") =>
    layerGroups(rows, xKey).map(({ curves }) => curves.map(({ layer }) => layer.name));
  expect(names("length")).toEqual([["Mamba-2"]]);
  expect(names("context")).toEqual([["Attention"]]);
});
