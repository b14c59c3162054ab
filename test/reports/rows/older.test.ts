/** Rows of versions that did not say what they ran on. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { engines } from "../../../impls/engines/index.js";
import { familyOf } from "../../../reports/analysis/families.js";
import { completed } from "../../../reports/rows/older.js";
import { RESULTS, readRows, readRun } from "../../../reports/rows/store.js";

const published = fileURLToPath(new URL("../../../reports/published", import.meta.url));
const folders = readdirSync(published, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(RESULTS))
  .map((file) => dirname(join(published, file)))
  .filter((folder) => !readFileSync(join(folder, RESULTS), "utf8").includes('"deviceKind"'));

const row = (name: string, keys: string) => {
  const engine = name.slice(name.lastIndexOf(".") + 1);
  return { id: `${name} dtype=f32 ${keys}`.trim(), engine, operator: "selective_scan", form: "scan" };
};

describe("older rows", () => {
  it.each([
    ["selective_scan/recurrent.cpu", "", "cpu", false],
    ["selective_scan/recurrent.wasm", "threads=2", "cpu", false],
    ["selective_scan/scan.webgpu", "device=nvidia-h200", "gpu", false],
    ["selective_scan/scan.webgpu", "device=swiftshader-device-subzero-", "software", false],
    ["selective_scan/scan.tfjs", "device=wasm", "cpu", true],
    ["selective_scan/scan.tfjs", "device=tensorflow", "cpu", true],
    ["selective_scan/scan.tfjs", "device=webgpu", "gpu", true],
    ["selective_scan/scan.torch", "device=cpu", "cpu", true],
    ["selective_scan/scan.torch", "device=cuda0", "gpu", true],
  ])("%s %s", (name, keys, deviceKind, tensorOps) => {
    const read = completed(row(name, keys));
    expect(read).toMatchObject({ deviceKind, tensorOps });
    const tensorScan = name.includes("scan.") && tensorOps;
    expect(familyOf(read).key).toBe(tensorScan ? "tensor-scan" : "scan");
  });

  it("say of an engine what its entry says today", () => {
    // those that wrote such rows; a later engine's rows say it themselves
    const then = engines.filter(({ name }) => ["cpu", "wasm", "webgpu", "tfjs", "torch"].includes(name));
    expect(then).toHaveLength(5);
    for (const { name, tensorOps = false } of then)
      expect(completed(row(`selective_scan/scan.${name}`, "")), name).toMatchObject({ tensorOps });
  });

  it("keep what they say themselves, and gain nothing where the engine was unknown", () => {
    const own = { ...row("selective_scan/scan.cpu", ""), deviceKind: "gpu" as const };
    expect(completed(own)).toBe(own);
    const unknown = row("selective_scan/scan.constructor", "");
    expect(completed(unknown)).toBe(unknown);
  });

  it("are completed when a folder is read: all of those that are published", () => {
    expect(folders.length).toBeGreaterThan(5);
    for (const folder of folders) {
      const rows = readRows(folder);
      expect(rows.length + readRun(folder).trainings.length, folder).toBeGreaterThan(0);
      for (const { id, deviceKind, tensorOps } of rows) {
        expect(deviceKind, id).toBe(/ device=(cuda0|nvidia-h200)$/.test(id) ? "gpu" : "cpu");
        expect(tensorOps, id).toBe(/\.(tfjs|torch) /.test(id));
      }
    }
  });
});
