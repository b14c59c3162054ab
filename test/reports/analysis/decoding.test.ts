/** One curve an operator, its fastest kernel; what a sequence keeps is known from its sizes. */
import { describe, expect, it } from "vitest";
import { keptBytes, stepGroups } from "../../../reports/analysis/decoding.js";
import { measuredRow } from "../rows.js";

const row = (
  operator: string,
  kernel: string,
  [context, batch]: [number, number],
  medianNs: number,
  more: object = {},
) => {
  const sizes = { batch, heads: 2, groups: 2, headDim: 64, context, ...more };
  const keys = Object.entries(sizes).map(([key, value]) => `${key}=${value}`);
  const times = { medianNs, ci95LowNs: medianNs, ci95HighNs: medianNs };
  const state = operator.startsWith("attention") ? {} : { state: 64 };
  const all = { suite: "decode", operator, form: kernel.split(".")[0], length: 1, ...sizes, ...times };
  const { state: _, ...base } = measuredRow();
  return {
    ...base,
    ...all,
    ...state,
    chunk: undefined,
    id: `${operator}/${kernel} dtype=f32 ${keys.join(" ")}`,
  } as ReturnType<typeof measuredRow>;
};
const at = (operator: string, kernel: string, places: [number, number][], ns: (context: number) => number) =>
  places.map((place) => row(operator, kernel, place, ns(place[0]) * place[1]));

const OVER: [number, number][] = [
  [512, 1],
  [1024, 1],
  [2048, 1],
];
const ALONG: [number, number][] = [
  [512, 4],
  [512, 16],
];
const rows = [
  ...at("ssd_decode", "recurrent.wasm", [...OVER, ...ALONG], () => 20),
  ...at("ssd_decode", "recurrent.cpu", [...OVER, ...ALONG], () => 90),
  ...at("attention_decode", "tiled.wasm", OVER, (context) => context),
  ...at("attention_decode", "materialised.cpu", OVER, (context) => 5 * context),
];

describe("steps as curves", () => {
  it("has a curve an operator over the tokens before, whatever its forms", () => {
    const [{ group, curves }, ...others] = stepGroups(rows, "context");
    expect(others).toEqual([]);
    expect(group.batch).toBe(1);
    expect(
      curves.map(({ family, curve }) => [family.name, curve.rows[0].engine, curve.points.length]),
    ).toEqual([
      ["Attention", "cpu", 3],
      ["SSD", "cpu", 3],
    ]);
    expect(curves.map(({ curve }) => curve.rows[0].id.split(" ")[0])).toEqual([
      "attention_decode/tiled.wasm",
      "ssd_decode/recurrent.wasm",
    ]);
  });

  it("has curves over sequences where several numbers of them were asked for", () => {
    const [{ curves }, ...others] = stepGroups(rows, "batch");
    expect(others).toEqual([]);
    expect(curves.find(({ family }) => family.key === "ssd")?.curve.points.map(({ x }) => x)).toEqual([
      1, 4, 16,
    ]);
  });

  it("keeps a state of one size, and a cache that grows", () => {
    const kept = (operator: string) => rows.filter((one) => one.operator === operator).map(keptBytes);
    expect(new Set(kept("ssd_decode"))).toEqual(new Set([4 * 2 * 64 * 64]));
    expect(kept("attention_decode").slice(0, 3)).toEqual([512, 1024, 2048].map((n) => n * 2 * 128 * 4));
    expect(keptBytes({ ...rows.at(-1)!, dtype: "f16", headDimV: 32, groups: 1 })).toBe(2048 * 96 * 2);
  });
});
