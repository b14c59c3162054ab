import { describe, expect, it } from "vitest";
import { bestCurves, groupsOf } from "../../../reports/analysis/curves.js";
import { findings } from "../../../reports/analysis/findings.js";
import type { Row } from "../../../reports/rows/row.js";
import { LENGTHS, measured, rejected, syntheticRows } from "../fixtures.js";

describe("findings", () => {
  it("are two sentences: what is shown with intervals, and what is not", () => {
    const [shown, not, ...more] = findings(syntheticRows());
    expect(more).toEqual([]);
    expect(shown).toMatch(
      /^On Synthetic CPU @ 2\.10 GHz, f32, N = 64: SSD is 4\.\d\dx \(95% interval .* as fast as the Mamba-1 scan at 128K/,
    );
    expect(shown).toContain("faster than attention at every measured size from 512 tokens on");
    expect(shown).toMatch(/length\^2\.0\d for Attention/);
    expect(not).toContain("attention beyond 8K tokens (extrapolated)");
  });

  it("do not claim a difference that the intervals do not show", () => {
    const rows = LENGTHS.slice(0, 4).flatMap((length) =>
      ["ssd/chunked.cpu", "selective_scan/recurrent.cpu"].map((name) => {
        const row = measured(name, length, 64, length * 1e3);
        return { ...row, ci95LowNs: length * 800, ci95HighNs: length * 1200 } as typeof row;
      }),
    );
    expect(findings(rows)[0]).toContain("not told apart from the Mamba-1 scan");
  });

  it("say when SSD is slower, and when nothing was measured", () => {
    const rows = ["ssd/chunked.cpu", "attention/tiled.cpu"].map((name, i) =>
      measured(name, 512, i === 0 ? 64 : undefined, 1e6 / (1 + i)),
    );
    expect(findings(rows)[0]).toContain("not faster than attention up to 512 tokens");
    expect(findings([rejected("ssd/chunked.cpu", 512, 64, "bad")])).toHaveLength(1);
    expect(findings([])).toHaveLength(1);
  });

  it("name the missing matrix units only where every row is from a CPU", () => {
    const cpu = [measured("ssd/chunked.cpu", 512, 64, 1e6)];
    expect(findings(cpu)[1]).toContain("every row is from a CPU");
    const gpu = [measured("ssd/chunked.webgpu", 512, 64, 1e6)];
    expect(findings(gpu)[1]).not.toContain("every row is from a CPU");
  });
});

describe("a user's own kernel", () => {
  const suite = "sequence-length";
  const lengths = [512, 1024, 2048, 4096];
  const ours = lengths.flatMap((length) => [
    measured("ssd/recurrent.cpu", length, 64, 2e3 * length, { suite }),
    measured("ssd/chunked.cpu", length, 64, 1e3 * length, { suite }),
  ]);
  const mine = (name: string, factor: number, more: object) =>
    lengths.map((length) =>
      measured(name, length, 64, factor * 1e3 * length, { suite, source: "mine.ts 0123456789ab", ...more }),
    );

  it("is a curve of its own, named by its make, however slow it is", () => {
    const rows = [...ours, ...mine("ssd/chunked.cpu", 50, { make: "my-kernel" })];
    const names = bestCurves(groupsOf(rows, "length")[0]).map(({ family }) => family.name);
    expect(names.sort()).toEqual(["SSD", "SSD, recurrent form", "my-kernel"]);
  });

  it("is compared in a sentence with ours of its form and engine, or else with the best of its operator", () => {
    const own = (rows: readonly Row[]) => findings(rows).at(-1);
    expect(own([...ours, ...mine("ssd/recurrent.cpu", 1, { make: "mine" })])).toMatch(
      /^Your mine \(ssd\/recurrent\.cpu\) is (1\.\d+|2\.\d+)x \(95% interval .*\) as fast as ours \(ssd\/recurrent\.cpu\) at 4K\.$/,
    );
    expect(own([...ours, ...mine("ssd/quadratic.cpu", 4, {})])).toMatch(
      /^Your mine \(ssd\/quadratic\.cpu\) is 0\.\d+x .* ours \(ssd\/(chunked|recurrent)\.cpu\) at 4K\.$/,
    );
    expect(own(mine("ssd/recurrent.cpu", 1, {}))).toMatch(/and ours share no measured size\.$/);
  });
});
