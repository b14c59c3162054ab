import { describe, expect, it } from "vitest";
import { compareSides } from "../../../../reports/analysis/compare/compare.js";
import { compareCsv } from "../../../../reports/compare/csv.js";
import { compareMarkdown, compareSentences, compareTable } from "../../../../reports/compare/words.js";
import type { Row } from "../../../../reports/rows/row.js";
import { environmentOf, noise } from "../../fixtures.js";
import { measuredRow } from "../../rows.js";

const ID = "ssd/chunked.cpu dtype=f32 batch=1 length=";

function rowsOf(name: string, factor: (i: number) => number, more: object = {}): Row[] {
  return Array.from({ length: 12 }, (_, i) => {
    const medianNs = 1e6 * (i + 1) * factor(i) * (1 + 0.01 * noise(`${name} ${i}`));
    const times = { medianNs, ci95LowNs: 0.995 * medianNs, ci95HighNs: 1.005 * medianNs };
    return measuredRow({ id: `${ID}${i + 1}`, length: i + 1, ...times, ...more });
  });
}

const side = (name: string, runs: number, factor = (_: number) => 1, model = "A", more = {}) =>
  Array.from({ length: runs }, (_, run) => ({
    folder: `${name}${run}`,
    environment: environmentOf(model),
    rows: rowsOf(`${name} ${run}`, factor, more),
  }));

describe("a comparison", () => {
  it("has the slowest first, and a case of two suites once", () => {
    const [before, after] = [side("b", 3), side("a", 3, (i) => (i === 4 ? 1.4 : i === 9 ? 0.6 : 1))];
    const twice = after.map((run) => ({
      ...run,
      rows: [...run.rows, ...run.rows.map((row) => ({ ...row, suite: "state-size" }))],
    }));
    const { machines, notes } = compareSides({ before, after: twice });
    expect(notes).toEqual([]);
    const [{ cases }] = machines;
    expect(cases).toHaveLength(12);
    expect(cases[0]).toMatchObject({ id: `${ID}5`, verdict: "slower", runs: [3, 3] });
    expect(cases.at(-1)).toMatchObject({ id: `${ID}10`, verdict: "faster" });
    expect(cases.map(({ ratio }) => ratio)).toEqual(
      cases.map(({ ratio }) => ratio).toSorted((x, y) => y - x),
    );
    expect(cases.slice(1, -1).every(({ verdict }) => verdict === "no difference shown")).toBe(true);
  });

  it("keeps machines apart, and leaves out the one that has one side only, in a sentence", () => {
    const before = [...side("b", 3), ...side("c", 3, () => 1, "B")];
    const after = [...side("a", 3), ...side("d", 3, () => 2, "B"), ...side("e", 1, () => 1, "C")];
    const { machines, notes } = compareSides({ before, after });
    expect(machines.map(({ machine }) => machine[0]).sort()).toEqual(["A", "B"]);
    const verdicts = (name: string) =>
      new Set(machines.find(({ machine }) => machine.startsWith(name))!.cases.map(({ verdict }) => verdict));
    expect([...verdicts("A")]).toEqual(["no difference shown"]);
    expect([...verdicts("B")]).toEqual(["slower"]);
    expect(notes).toEqual([
      expect.stringMatching(/^C, 2 cores, linux x64 was measured only after: it has no panel/),
    ]);
  });

  it("has no panel where the machines differ or no case is common", () => {
    const apart = compareSides({ before: side("b", 1), after: side("a", 1, () => 1, "B") });
    expect(apart.machines).toEqual([]);
    expect(compareSentences(apart).at(-1)).toMatch(/^Nothing was measured on both sides/);
    const other = side("a", 1).map((run) => ({
      ...run,
      rows: run.rows.map((row) => ({ ...row, id: `${row.id}0000` })),
    }));
    expect(compareSides({ before: side("b", 1), after: other }).notes[0]).toMatch(
      /measured no case in common/,
    );
  });

  it("scales one run a side by the ceilings that both measured", () => {
    const ceilings = (slow: number) => ({
      details: { ceilingFlopsPerS: 1e9 / slow, ceilingBytesPerS: 1e12 / slow },
      flops: 1e9,
      bytes: 1,
    });
    const before = side("b", 1, () => 1, "A", ceilings(1));
    const after = side("a", 1, () => 1.3, "A", ceilings(1.3));
    const [{ cases }] = compareSides({ before, after }).machines;
    for (const { ratio, drift, verdict, runsNeeded } of cases) {
      expect(ratio).toBeCloseTo(1, 1);
      expect(drift).toBeCloseTo(1.3, 6);
      expect(verdict).toBe("not enough data");
      expect(runsNeeded).toBeGreaterThanOrEqual(3);
    }
    // a ceiling that one run lacks scales nothing
    const bare = compareSides({ before: side("b", 1, () => 1, "A"), after }).machines[0].cases[0];
    expect(bare.drift).toBeUndefined();
    expect(bare.ratio).toBeGreaterThan(1.2);
  });

  it("says the same in the terminal, Markdown and CSV", () => {
    const comparison = compareSides({
      before: side("b", 3),
      after: side("a", 3, (i) => (i === 4 ? 1.4 : 1)),
    });
    const [sentence] = compareSentences(comparison);
    expect(sentence).toMatch(
      /^A, 2 cores, linux x64: 3 runs before, 3 after, 12 cases: 1 slower, 0 faster, no difference shown for 11;/,
    );
    for (const width of [40, 80, 200])
      for (const line of compareTable(comparison, width)) expect(line.length).toBeLessThanOrEqual(width);
    const markdown = compareMarkdown(comparison, ["Before: <b>."]);
    expect(markdown).toContain(`| slower |`);
    expect(markdown).not.toContain("<b>");
    const [head, first, ...rest] = compareCsv(comparison).trimEnd().split("\n");
    expect(head).toBe(
      "machine,device,id,runs_before,runs_after,before_ns,after_ns,ratio,ci99_low,ci99_high,verdict," +
        "smallest_visible_change,runs_needed,ceiling_drift",
    );
    expect(first).toContain(`${ID}5,3,3,`);
    expect(rest).toHaveLength(11);
  });
});
