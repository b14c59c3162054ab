import { describe, expect, it } from "vitest";
import { historyOf } from "../../../../reports/analysis/compare/history.js";
import { historyChart } from "../../../../reports/charts/history.js";
import { ChartLog, renderSvg } from "../../../../reports/charts/render.js";
import { DARK } from "../../../../reports/charts/theme.js";
import { historyMarkdown } from "../../../../reports/publish/history.js";
import { environmentOf, measured, skipped } from "../../fixtures.js";

const run = (day: number, factor: number, machine = "A CPU") => ({
  environment: environmentOf(machine),
  startedUtc: `2026-11-0${day}T12:00:00.000Z`,
  rows: [512, 1024].flatMap((length) => [
    measured("ssd/chunked.cpu", length, 64, factor * length * 1e3, { commit: `${day}000000000000000` }),
    measured("ssd/recurrent.cpu", length, 64, length * 2e3, { commit: `${day}000000000000000` }),
  ]),
});

describe("history", () => {
  const runs = [run(3, 1.5), run(1, 1), run(2, 1), run(4, 1, "Another CPU")];
  const [own, other] = historyOf(runs);

  it("has runs in the order of their starts, and never two machines in one line", () => {
    expect(own.commits).toEqual(["100000000000", "200000000000", "300000000000"]);
    expect(other.cases).toEqual([]);
    expect(own.cases.map(({ points }) => points.length)).toEqual([3, 3, 3, 3]);
  });

  it("names first what changed most, as a ratio to the first run with its interval", () => {
    const [first, second, ...rest] = own.cases;
    for (const { id, points } of [first, second]) {
      expect(id).toContain("ssd/chunked.cpu");
      expect(points[0]).toMatchObject({ ratio: 1, commit: "100000000000" });
      expect(points[2].ratio).toBeCloseTo(1.5, 9);
      expect(points[2].low).toBeLessThan(1.5);
      expect(points[2].high).toBeGreaterThan(1.5);
    }
    for (const { points } of rest) expect(points[2].ratio).toBeCloseTo(1, 9);
  });

  it("is drawn without a warning, and is a table with a column a run", async () => {
    for (const theme of [undefined, DARK]) {
      const log = new ChartLog();
      const svg = await renderSvg(historyChart([own, other], theme)!, log);
      expect(log.messages).toEqual([]);
      for (const words of ["3000000", "now 1.50x", "length=1024"]) expect(svg).toContain(words);
    }
    const lines = historyMarkdown([own, other]).split("\n");
    expect(lines.find((line) => line.includes("ssd/chunked.cpu"))).toMatch(/\(1\.00x\) \| .*\(1\.50x\) \|$/);
    expect(lines.at(-2)).toBe("No case was measured twice here.");
  });

  it("has no picture where nothing was measured twice", () => {
    const once = { ...run(1, 1), rows: [skipped("ssd/chunked.cpu", 512, 64, 1e6), run(1, 1).rows[0]] };
    expect(historyChart(historyOf([once]))).toBeUndefined();
  });
});
