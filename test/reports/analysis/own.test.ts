/** A user's kernel beside ours and the best peer: whom it is held against, at which sizes, and that the page shows it. */
import { expect, it } from "vitest";
import { groupsOf } from "../../../reports/analysis/curves.js";
import { findings } from "../../../reports/analysis/findings.js";
import { ownKernels } from "../../../reports/analysis/own.js";
import { ownSection } from "../../../reports/html/sections/own.js";
import type { Row } from "../../../reports/rows/row.js";
import { measured } from "../fixtures.js";

const lengths = [512, 1024, 2048, 4096];
const curve = (name: string, nsPerToken: number, more: object = {}, sizes = lengths): Row[] =>
  sizes.map((length) =>
    measured(name, length, 64, nsPerToken * length, { suite: "sequence-length", ...more }),
  );

const own = { make: "mine", source: "mine.py 0123456789ab" };
const peer = { peer: true as const };
const rows = [
  ...curve("ssd/chunked.wasm", 1000),
  ...curve("ssd/recurrent.wasm", 100),
  ...curve("ssd/chunked.torch", 3000, peer),
  ...curve("ssd/chunked.torch", 1500, { ...peer, make: "graph" }),
  ...curve("ssd/recurrent.onnxruntime", 10, peer),
  ...curve("attention/tiled.torch", 1, peer),
  ...curve("ssd/chunked.torch", 500, own, [1024, 4096, 8192]),
];

it("is held against ours of its form and the best peer of its form, at the sizes that both have", () => {
  const [{ against, ...kernel }, ...others] = ownKernels(groupsOf(rows, "length")[0]);
  expect(others).toEqual([]);
  expect(kernel.curve.implementation).toBe("chunked.torch mine");
  expect(against.map(({ who, other }) => [who, other.implementation])).toEqual([
    ["ours", "chunked.wasm"],
    ["peer", "chunked.torch graph"],
  ]);
  for (const [i, factor] of [2, 3].entries()) {
    const { ratios } = against[i];
    expect(ratios.map(({ x }) => x)).toEqual([1024, 4096]);
    for (const { ratio, low, high } of ratios) {
      // the fixtures' noise is 3% a side
      expect(Math.abs(ratio / factor - 1)).toBeLessThan(0.07);
      expect(low).toBeLessThan(ratio);
      expect(high).toBeGreaterThan(ratio);
    }
  }
});

it("is told in a sentence and a table; without a kernel of a user there is neither", () => {
  expect(findings(rows).at(-1)).toMatch(
    /^Your mine \(ssd\/chunked\.torch\) is .*ours \(ssd\/chunked\.wasm\) at 4K, and .*the best peer \(ssd\/chunked\.torch graph\) at 4K\.$/,
  );
  const page = ownSection(rows);
  expect(page).toContain('<h2 id="own">Your kernels</h2>');
  expect(page.match(/<tr><td>sequence-length<\/td>/g)).toHaveLength(4);
  expect(page).toContain("<td>peer: chunked.torch graph</td>");
  expect(ownSection(rows.filter(({ source }) => source === undefined))).toBe("");
});

it("stands beside our best of the operator where nobody has its form", () => {
  const quadratic = [...curve("ssd/recurrent.wasm", 100), ...curve("ssd/quadratic.torch", 500, own)];
  const [{ against }] = ownKernels(groupsOf(quadratic, "length")[0]);
  expect(against.map(({ who, other }) => [who, other.implementation])).toEqual([["ours", "recurrent.wasm"]]);
});
