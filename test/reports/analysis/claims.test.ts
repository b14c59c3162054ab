import { describe, expect, it } from "vitest";
import { claimResults } from "../../../reports/analysis/claims.js";
import { claimsLines, claimsMarkdown } from "../../../reports/claims.js";
import type { Row } from "../../../reports/rows/row.js";
import { LENGTHS, measured, STATES, skipped } from "../fixtures.js";

const LEFT = { suite: "sequence-length" };
const RIGHT = { suite: "state-size" };

/** A machine like the paper's: SSD four times as fast as the scan, attention quadratic and even with SSD at 1K. */
const paper: Row[] = [
  ...LENGTHS.flatMap((length) => [
    measured("ssd/chunked.cpu", length, 64, 1e3 * length, LEFT),
    measured("selective_scan/recurrent.cpu", length, 64, 4e3 * length, LEFT),
    measured("attention/tiled.cpu", length, undefined, 1e3 * length * (length / 1024), LEFT),
  ]),
  ...STATES.flatMap((state) => [
    measured("ssd/chunked.cpu", 4096, state, 1e6 * (1 + state / 256), RIGHT),
    measured("selective_scan/recurrent.cpu", 4096, state, 1e5 * state, RIGHT),
  ]),
];

const verdicts = (rows: readonly Row[]) =>
  Object.fromEntries(claimResults(rows).map(({ claim, verdict }) => [claim.replace(/ \(.*/, ""), verdict]));

describe("claims", () => {
  it("hold or do not hold by the whole interval", () => {
    expect(verdicts(paper)).toEqual({
      "SSD is at least 2x as fast as the Mamba-1 scan": "holds",
      "SSD is faster than attention at 2K tokens": "holds",
      "SSD is at least 6x as fast as attention at 16K tokens": "holds",
      "SSD's time grows in proportion to length": "holds",
      "Attention's time grows with the square of length": "holds",
      "SSD takes an 8x larger state, 16 to 128, with minimal slowdown": "holds",
      "The Mamba-1 scan's time grows in proportion to the state, 16 to 128": "holds",
      "SSD is at least 7x as fast as the Mamba-1 scan at state 64": "does not hold",
      "SSD is at least 11x as fast as the Mamba-1 scan at state 256": "holds",
    });
  });

  it("turn when the numbers do", () => {
    const slow = paper.map((row) =>
      row.status === "measured" && row.operator === "ssd"
        ? { ...row, medianNs: 9 * row.medianNs, ci95LowNs: 9 * row.ci95LowNs, ci95HighNs: 9 * row.ci95HighNs }
        : row,
    );
    const found = verdicts(slow);
    expect(found["SSD is at least 2x as fast as the Mamba-1 scan"]).toBe("does not hold");
    expect(found["SSD is faster than attention at 2K tokens"]).toBe("does not hold");
    expect(found["SSD's time grows in proportion to length"]).toBe("holds");
  });

  it("are not measured here without a size, a curve, or an interval on one side", () => {
    for (const { verdict, measured: words, note } of claimResults([])) {
      expect([verdict, words]).toEqual(["not measured here", ""]);
      expect(note).toMatch(/was not measured/);
    }
    const guessed = paper.map((row) =>
      row.operator === "attention" && row.length > 1024
        ? skipped("attention/tiled.cpu", row.length, undefined, 1e9, LEFT)
        : row,
    );
    expect(verdicts(guessed)["SSD is faster than attention at 2K tokens"]).toBe("not measured here");
    const wide = paper.map((row) =>
      row.status === "measured" && row.length === 2048
        ? { ...row, ci95LowNs: 0.1 * row.medianNs, ci95HighNs: 10 * row.medianNs }
        : row,
    );
    const result = claimResults(wide).find(({ claim }) => claim.includes("at 2K"))!;
    expect(result.verdict).toBe("not measured here");
    expect(result.note).toMatch(/both sides of the claim/);
  });

  it("are a table in Markdown, and lines that fit a terminal", () => {
    const markdown = claimsMarkdown(paper);
    expect(markdown.split("\n").filter((line) => line.startsWith("| SSD"))).toHaveLength(7);
    for (const width of [40, 80, 120]) {
      const lines = claimsLines(paper, width);
      expect(lines.join("\n")).toContain("yes");
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }
  });
});
