/** Named shapes are drawn by name; those that differ in more than their heads are panels of their own. */
import { expect, it } from "vitest";
import { groupsOf } from "../../../../reports/analysis/curves.js";
import { chartOf } from "../../../../reports/charts/index.js";
import { table } from "../../../../reports/table.js";
import { syntheticRun } from "../../fixtures.js";
import { measuredRow } from "../../rows.js";

const row = (workload: string, heads: number, size: object = {}) => {
  const all = { batch: 1, length: 2048, heads, groups: 1, headDim: 64, state: 128, ...size };
  const keys = Object.entries(all).map(([key, value]) => `${key}=${value}`);
  return measuredRow({ suite: "models", id: `ssd/chunked.cpu ${keys.join(" ")}`, workload, ...all });
};
const rows = [
  row("mamba2-130m", 24),
  row("mamba2-2.7b", 80),
  row("nemotron-h-8b", 80, { groups: 8 }),
  row("cudnn-benchmark", 64, { batch: 2, state: 64 }),
];

it("draws a panel for each kind of shape, its models by name", () => {
  const sizes = groupsOf(rows, "heads").map(({ curves }) => curves.flatMap((curve) => curve.rows.length));
  expect(sizes).toEqual([[2], [1], [1]]);
  const spec = JSON.stringify(chartOf("models", rows)(syntheticRun(), rows));
  for (const { workload } of rows) expect(spec).toContain(`'${workload}'`);
});

it("names each in the table", () => {
  const lines = table(rows, { width: 100 }).join("\n");
  for (const { workload } of rows) expect(lines).toMatch(new RegExp(`^ +\\d+ ${workload} `, "m"));
});
