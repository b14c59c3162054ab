/** The fairness sheet: a line a curve, and a sentence where two curves of a chart are not equal. */
import { describe, expect, it } from "vitest";
import { groupsOf } from "../../../reports/analysis/curves.js";
import {
  fairnessMarkdown,
  fairnessSheet,
  inequality,
  SHEET_TITLES,
} from "../../../reports/analysis/fairness.js";
import type { Measured } from "../../../reports/rows/row.js";
import { measuredRow } from "../rows.js";

const fairness = {
  accumulation: "f32",
  timed: "all of it",
  launch: "included",
  cache: "warm",
  threads: 1,
} as const;
const ours = measuredRow({ fairness });
const peer = (changes: Partial<Measured> = {}): Measured =>
  measuredRow({
    id: "ssd/chunked.torch dtype=f32 batch=1 length=512 heads=1 groups=1 headDim=64 state=64 chunk=64 threads=1 device=cpu",
    engine: "torch",
    chunk: 64,
    fairness: { ...fairness, blas: "OpenBLAS 0.3.21 Zen" },
    ...changes,
  });
const curves = (...rows: Measured[]) => groupsOf(rows, "length").flatMap((group) => group.curves);

describe("fairness sheet", () => {
  it("has a line a curve with what its rows say, blanks where a row is older", () => {
    const sheet = fairnessSheet([
      ours,
      measuredRow({ length: 1024, fairness }),
      peer(),
      peer({ status: "measured" }),
    ]);
    expect(sheet).toHaveLength(2);
    expect(sheet.map((line) => line.length)).toEqual([SHEET_TITLES.length, SHEET_TITLES.length]);
    const [, theirs] = sheet;
    expect(theirs.slice(2)).toEqual([
      "f32",
      "f32",
      "all of it",
      "host",
      "included",
      "warm",
      "1",
      "OpenBLAS 0.3.21 Zen",
    ]);
    expect(fairnessSheet([measuredRow()])[0].slice(3, 5)).toEqual(["", ""]);
  });

  it("is a table in Markdown, whatever a device is called; nothing when nothing was measured", () => {
    const lines = fairnessMarkdown([measuredRow({ device: "a | b", fairness })]);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain("a \\| b");
    expect(fairnessMarkdown([])).toEqual([]);
  });

  it("names in what curves of one chart differ", () => {
    expect(inequality(curves(ours, peer()))).toBeUndefined();
    const two = peer({ fairness: { ...fairness, threads: 2 } });
    expect(inequality(curves(ours, two))).toBe("Not equal: threads 1 and 2");
    const gpu = peer({ clock: "device", fairness: { ...fairness, accumulation: "f32, products in TF32" } });
    expect(inequality(curves(ours, gpu))).toBe("Not equal: clock device and host; products in TF32 and full");
  });
});
