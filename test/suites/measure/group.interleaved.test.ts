/** A real run on the cpu engine: turns interleave, and results.jsonl keeps their round, order and start. */
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { CaseRecord, Sample } from "../../../reports/rows/row.js";
import { readRun } from "../../../reports/rows/store.js";
import { bench, type Ended, root, temporary } from "../../scripts/cli.js";

describe("a run with a kernel of a user", () => {
  const out = join(temporary(), "run");
  let ended: Ended;
  let cases: readonly CaseRecord[];

  beforeAll(async () => {
    const impl = join(root, "examples/my-kernel.ts");
    const filter = "ssd/|attention/ length=512";
    const args = ["--grid", "quick", "--suite", "sequence-length", "--engine", "cpu", "--filter", filter];
    ended = await bench([...args, "--impl", impl, "--out", out]);
    // a form that does not take these problems is a skipped row with a sentence
    const all = readRun(out).cases;
    expect(all.filter(({ row }) => row.status === "failed" || row.status === "rejected")).toEqual([]);
    cases = all.filter(({ row }) => row.status === "measured");
  }, 400_000);

  it("measures examples/my-kernel.ts beside the built-in ones", () => {
    expect(ended.stderr).not.toContain("Error");
    expect(ended.code).toBe(0);
    const mine = cases.find(({ row }) => row.make === "my-kernel")!;
    expect(mine.row.status).toBe("measured");
    expect(mine.row.id).toBe(
      "ssd/recurrent.cpu dtype=f32 batch=1 length=512 heads=1 groups=1 headDim=64 state=64 make=my-kernel",
    );
  });

  it("holds every measured row to its bound on enough lanes", () => {
    for (const { row } of cases) {
      if (row.status !== "measured") throw new Error(`${row.id}: ${row.status}`);
      expect(row.lanesChecked).toBeGreaterThanOrEqual(Math.min(row.lanesTotal, 8));
      expect(row.errorU).toBeLessThanOrEqual(row.boundU);
      expect(row.samples).toBeGreaterThanOrEqual(3);
      expect(row.ci95LowNs).toBeLessThanOrEqual(row.medianNs);
      expect(row.medianNs).toBeLessThanOrEqual(row.ci95HighNs);
      expect(row.deterministic).toBe(true);
      expect(row.peakBytes).toBeGreaterThan(0);
    }
  });

  it("has other cases' samples between each case's first and last, wherever a problem is shared", () => {
    const byOperator = groupBy(cases);
    let shared = 0;
    for (const members of byOperator.values()) {
      if (members.length < 2) continue;
      for (const one of members) {
        const starts = one.samples!.map(({ startNs }) => startNs);
        const [first, last] = [Math.min(...starts), Math.max(...starts)];
        const between = members
          .filter((other) => other !== one)
          .flatMap(({ samples }) => samples!)
          .filter(({ startNs }) => startNs > first && startNs < last);
        expect(between.length, one.row.id).toBeGreaterThan(0);
        shared++;
      }
    }
    expect(shared).toBeGreaterThanOrEqual(6);
  });

  it("keeps samples in the order in which they were taken, each round in its own order", () => {
    for (const { samples } of cases) {
      const starts = samples!.map(({ startNs }: Sample) => startNs);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
      expect(samples!.every(({ repeats }) => repeats >= 1)).toBe(true);
    }
    const ssd = cases.filter(({ row }) => row.operator === "ssd");
    const orders = ssd.map(({ samples }) => new Map(samples!.map(({ round, order }) => [round, order])));
    for (const round of [0, 1, 2])
      expect(new Set(orders.map((order) => order.get(round))).size).toBe(ssd.length);
  });

  it("names its files at the end of stdout", () => {
    // relative to where the command ran, where that is shorter
    const lines = ended.stdout
      .trimEnd()
      .split("\n")
      .map((line) => resolve(root, line));
    const names = lines.filter((line) => line.startsWith(out));
    expect(lines.slice(-names.length)).toEqual(names);
    for (const name of ["results.jsonl", "results.csv", "sequence-length.svg", "report.html"])
      expect(names).toContain(join(out, name));
  });
});

function groupBy(cases: readonly CaseRecord[]): Map<string, CaseRecord[]> {
  const groups = new Map<string, CaseRecord[]>();
  for (const one of cases) groups.set(one.row.operator, [...(groups.get(one.row.operator) ?? []), one]);
  return groups;
}
