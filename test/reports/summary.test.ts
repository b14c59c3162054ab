import { expect, it } from "vitest";
import { runMarkdown } from "../../reports/summary.js";
import { failed, syntheticRows, syntheticRun } from "./fixtures.js";

const rows = [...syntheticRows(), failed("ssd/chunked.webgpu", 1024, 64, "died | <b>")];
const lines = runMarkdown(syntheticRun(), rows).split("\n");

it("has a table a group, extrapolated times in brackets", () => {
  const head = lines.findIndex((line) => line.startsWith("## sequence-length, Synthetic CPU"));
  expect(lines[head + 2]).toMatch(
    /^\| Curve \| Implementation \| length 512 \| length 1K \|.* \| length 512K \|$/,
  );
  const attention = lines.slice(head).find((line) => line.startsWith("| Attention |"))!;
  expect(attention).toMatch(/\| 3\.\d+ ms \|/);
  expect(attention).toMatch(/\| \(\d.* s\) \|$/);
});

it("says what the run shows, what went wrong, and what repeats it", () => {
  expect(lines.find((line) => line.startsWith("- On Synthetic CPU"))).toContain("SSD is 4.");
  expect(lines).toContain("    npm run bench -- --grid default --seed 0");
  expect(lines.find((line) => line.includes("ssd/chunked.webgpu"))).toContain("died \\| &lt;b>");
  expect(lines).toContain("## The paper's claims about speed against this run");
});

it("asks nothing of the paper where the run did not", () => {
  const other = rows.map((row) => ({ ...row, suite: "batch" }));
  expect(runMarkdown(syntheticRun(), other)).not.toContain("claims about speed against");
});
