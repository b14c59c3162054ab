import { expect, it } from "vitest";
import type { Spec } from "../../../../suites/problems/spec.js";
import { atlasOf, joined } from "../../../../suites/verify/campaign/atlas.js";

const spec = (operator: string, dims: Spec["dims"]): Spec => ({
  operator,
  dims,
  seed: 0,
  values: "ones",
  decay: "usual",
  with: [],
  alternative: [],
  settings: {},
  dtype: 0,
});
const token = (path: string) => ({ law: "forms-agree", operator: "ssd", seed: 3, path });

it("keeps the worst case of each size rounded up, and how many there were", () => {
  const atlas = atlasOf();
  atlas.add("ssd/chunked.cpu", spec("ssd", { length: 33, state: 16 }), 8, 0.25, token("0"));
  atlas.add("ssd/chunked.cpu", spec("ssd", { length: 64, state: 17 }), 8, 0.5, token("1"));
  const cell = (axis: string, bin: string, cases: number, worst: number, path: string) => ({
    implementation: "ssd/chunked.cpu",
    axis,
    bin,
    cases,
    worst,
    token: `forms-agree.ssd.3.${path}`,
  });
  expect(atlas.cells()).toEqual([
    cell("length", "64", 2, 0.5, "1"),
    cell("state", "16", 1, 0.25, "0"),
    cell("chunk", "8", 2, 0.5, "1"),
    cell("decay", "usual", 2, 0.5, "1"),
    cell("state", "32", 1, 0.5, "1"),
  ]);
});

it("counts tokens of a context and the head of attention, and nothing that a problem has not", () => {
  const atlas = atlasOf();
  atlas.add("a", spec("attention_decode", { context: 5, headDim: 64 }), undefined, 1, token("0"));
  atlas.add("b", spec("rms_norm_gated", { length: 1, headDim: 64 }), undefined, 1, token("0"));
  expect(atlas.cells().map(({ implementation, axis, bin }) => `${implementation} ${axis} ${bin}`)).toEqual([
    "a length 8",
    "a state 64",
    "b length 1",
  ]);
});

it("joins the parts of a run as if they had been one", () => {
  const parts = [0, 1, 2].map((i) => {
    const atlas = atlasOf();
    atlas.add("x", spec("ssd", { length: 4 }), undefined, [0.1, 0.3, 0.2][i], token(String(i)));
    return atlas.cells();
  });
  expect(joined(parts)[0]).toMatchObject({ bin: "4", cases: 3, worst: 0.3, token: "forms-agree.ssd.3.1" });
});
