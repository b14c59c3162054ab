/** An engine that is added needs its file, its entry and its implementations: every step of a run takes it from there. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { givenProblem, type Problem } from "../../../impls/operator.js";
import { selectiveScan } from "../../../impls/selective_scan/operator.js";
import { findings } from "../../../reports/analysis/findings.js";
import { chartOf } from "../../../reports/charts/index.js";
import { completed } from "../../../reports/rows/older.js";
import { table } from "../../../reports/table.js";
import { laws } from "../../../suites/laws/index.js";
import { runSuite } from "../../../suites/library.js";
import { allEngines } from "../../../suites/processes/user-impls.js";
import { openTargets } from "../../../suites/verify/open.js";
import { runRandom } from "../../../suites/verify/random.js";
import { whyNot } from "../../../suites/verify/targets.js";
import { toy } from "../../fixtures/toy-engine.js";
import { syntheticRun } from "../../reports/fixtures.js";

const file = fileURLToPath(new URL("../../fixtures/toy-engine.ts", import.meta.url));
const files = [file];
const folder = mkdtempSync(join(tmpdir(), "dualbench-engines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an engine in a module of --impl", () => {
  it("is verified in a process of its own, and spared what its entry does not promise", async () => {
    const opened = await openTargets({ engines: ["toy"], files });
    try {
      expect(opened.absent).toEqual([]);
      const [target, ...others] = opened.targets;
      expect(others).toEqual([]);
      expect(target.place).toMatchObject({ engine: "toy", device: "blocks" });
      expect(target.place.isLocal).not.toBe(true);
      const dims = { batch: 1, length: 1, heads: 1, groups: 1, headDim: 1, state: 1 };
      const inputs = { u: [Number.POSITIVE_INFINITY], delta: [1], A: [-1], B: [1], C: [1] };
      const infinite = givenProblem(selectiveScan, { dims, inputs }) as Problem;
      expect(whyNot(target, infinite, {})).toBe(toy.nonFinite);
      const report = await runRandom({ cases: 10, seed: 1, targets: opened.targets, laws });
      expect(report.failures).toEqual([]);
      expect(report.table.rows().map(({ implementation }) => implementation)).toEqual([
        "selective_scan/scan.toy device=blocks",
      ]);
      expect(report.checks).toBeGreaterThan(10);
    } finally {
      await opened.close();
    }
  });

  it("is planned, checked, measured and drawn by what its entry and its device say", async () => {
    const filter = "dtype=f32 length=512";
    const { rows } = await runSuite({ files, engines: ["toy"], suites: ["sequence-length"], filter });
    expect(rows.map(({ status, length }) => [status, length])).toEqual([["measured", 512]]);
    for (const row of rows) {
      expect(row).toMatchObject({ engine: "toy", deviceKind: "software", tensorOps: true });
      expect(row.id).toMatch(/^selective_scan\/scan\.toy .* device=blocks$/);
      expect(completed(row), "a new row is complete").toBe(row);
    }
    expect(table(rows).join("\n")).toContain("selective_scan/scan.toy");
    const chart = JSON.stringify(chartOf("sequence-length", rows)(syntheticRun(), rows));
    // a kernel of the user is a curve of its own, named by its file
    expect(chart).toContain("toy-engine");
    expect(findings(rows).join(" ")).toContain("every row is from a CPU");
  });

  it("is unknown without its module, and cannot take the name of another", async () => {
    await expect(openTargets({ engines: ["toy"], files: [] })).rejects.toThrow(/no engine "toy"; there are/);
    expect((await allEngines(files)).map(({ name }) => name)).toEqual([
      ...engines.map(({ name }) => name),
      "toy",
    ]);
    const second = join(folder, "second.mjs");
    writeFileSync(second, `export const cpu = { name: "cpu", load: async () => ({}) };`);
    await expect(allEngines([second])).rejects.toThrow(/second\.mjs: there is an engine cpu already/);
    await expect(allEngines([...files, file])).rejects.toThrow(/there is an engine toy already/);
  });
});
