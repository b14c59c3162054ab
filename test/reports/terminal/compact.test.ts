import { describe, expect, it } from "vitest";
import { summary } from "../../../reports/terminal/compact.js";
import { failed, measured, rejected, syntheticRows } from "../fixtures.js";

const rows = syntheticRows();
const shown = (width: number, color = false, some = rows) => summary(some, { width, color });

describe("the end of a bench", () => {
  it.each([20, 40, 60, 80, 120, 200])("fits %i columns, or 40", (width) => {
    for (const line of shown(width)) expect(line.length).toBeLessThanOrEqual(Math.max(40, width));
  });

  it("has a line a curve with the first and the last size, and marks what was extrapolated", () => {
    const lines = shown(80);
    const head = lines.find((line) => line.startsWith("length "))!;
    expect(head.trim().split(/\s+/).slice(1)).toEqual(expect.arrayContaining(["512", "512K"]));
    const attention = lines.find((line) => line.startsWith("Attention, tiled.wasm"))!;
    expect(attention.trim().split(/\s+/).at(-1)).toMatch(/^~/);
    const ssd = lines.find((line) => line.startsWith("SSD, chunked.wasm"))!;
    expect(ssd).not.toContain("~");
    expect(lines.at(-1)).toMatch(/^\d+ cases: .*~ extrapolated\.$/);
  });

  it("draws every curve, plain without colour", () => {
    const plain = shown(80).join("\n");
    const plot = plain.slice(plain.indexOf(" |"), plain.indexOf(" +-"));
    for (const letter of ["A", "a", "C", "T", "M", "S"]) expect(plot).toContain(letter);
    expect(plain).not.toContain("\u001b");
    const coloured = shown(80, true).join("\n");
    expect(coloured).toContain("\u001b[3");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes are what is tested
    expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(plain);
  });

  it("rises from left to right for a cost that grows", () => {
    const line = [512, 1024, 2048, 4096].map((length) =>
      measured("ssd/chunked.cpu", length, 64, 1e3 * length),
    );
    const plot = shown(60, false, line).filter((text) => text.includes("|"));
    const columns = plot.flatMap((text) => (text.includes("S") ? [text.indexOf("S")] : []));
    expect(columns).toHaveLength(4);
    expect(columns).toEqual(columns.toSorted((a, b) => b - a));
  });

  it("tells what went wrong in full, and has no chart of one size", () => {
    const reason = "Y[3]: got NaN, wanted 0.5, ".repeat(5);
    const lines = shown(60, false, [
      measured("ssd/chunked.cpu", 512, 64, 1e6),
      rejected("ssd/chunked.cpu", 1024, 64, reason),
      failed("ssd/chunked.cpu", 2048, 64, "SIGSEGV\nat \u001b[31m0x0"),
    ]);
    expect(lines.join("")).toContain(reason.trim());
    expect(lines.join("")).toContain("SIGSEGV at [31m0x0");
    expect(lines.join("\n")).not.toContain("+---");
    expect(shown(60, false, []).join("")).toBe("0 cases: none.");
  });
});
