import { describe, expect, it } from "vitest";
import { table } from "../../reports/table.js";
import { failed, measured, rejected, skipped, syntheticRows } from "./fixtures.js";

const why =
  "Y[12] got 1.5, wanted 2.5, bound 0.1; repeat: npm run bench -- --filter ssd/. More words.\u001b[31m";
const rows = [
  ...syntheticRows(),
  rejected("ssd/chunked.webgpu", 512, 64, why),
  failed("ssd/chunked.webgpu", 1024, 64, "SIGSEGV"),
];

describe("table", () => {
  it.each([40, 41, 55, 72, 80, 100, 200])("is never wider than %d columns", (width) => {
    for (const line of table(rows, { width })) expect(line.length).toBeLessThanOrEqual(width);
  });

  it("takes a terminal to have 40 columns at least", () => {
    expect(table(rows, { width: 3 })).toEqual(table(rows, { width: 40 }));
  });

  it("shows every measured case, in order of size", () => {
    const shuffled = [1024, 512].map((length) => measured("ssd/chunked.cpu", length, 64, 1e6));
    const lines = table(shuffled).map((line) => line.trim().split(" ")[0]);
    expect(lines.indexOf("512")).toBeLessThan(lines.indexOf("1K"));
    const ms = table(rows).filter(
      (line) => /^ +\d+K? {2}.*\d (us|ms|s)/.test(line) && !/skipped|rejected/.test(line),
    );
    expect(ms.length).toBeGreaterThanOrEqual(rows.filter(({ status }) => status === "measured").length / 2);
  });

  it("says in short why a case was skipped, and in full why one was rejected", () => {
    const text = table(rows, { width: 60 }).join("\n");
    expect(text).toContain("skipped: predicted");
    expect(text.replace(/\s+/g, " ")).toContain("rejected: Y[12] got 1.5, wanted 2.5, bound 0.1;");
    expect(text).toContain("failed: SIGSEGV");
  });

  it("joins sizes that were skipped in a row", () => {
    const lines = table([512, 1024, 2048].map((length) => skipped("ssd/chunked.cpu", length, 64, 1e9)));
    expect(lines.filter((line) => line.includes("skipped:"))).toHaveLength(1);
    expect(lines.join("\n")).toContain("512 to 2K");
  });

  it("has colour only when asked, and never a row's own escape codes", () => {
    expect(table(rows).join("")).not.toContain("\u001b");
    const coloured = table(rows, { color: true }).join("\n");
    expect(coloured).toContain("\u001b[31m");
    const plain = coloured.split("\u001b").map((part, i) => (i === 0 ? part : part.replace(/^\[\d+m/, "")));
    expect(plain.join("")).toBe(table(rows).join("\n"));
  });

  it("ends with one legend that counts every case", () => {
    expect(table(rows, { width: 140 }).slice(-2).join(" ")).toContain(`${rows.length} cases`);
    expect(table([])).toEqual(["No cases."]);
  });
});
