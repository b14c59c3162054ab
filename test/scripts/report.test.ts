/** `npm run report` as a person starts it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Row } from "../../reports/rows/row.js";
import { syntheticRows, syntheticRun } from "../reports/fixtures.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const dir = mkdtempSync(join(tmpdir(), "dualbench-report-"));
afterAll(() => rmSync(dir, { recursive: true }));

function report(...args: string[]) {
  const command = ["--import", "tsx", "scripts/report.ts", ...args];
  return spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
}

function stored(name: string, rows: readonly Row[], cores = 2): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  const environment = {
    cpu: { model: "Synthetic", cores, quotaCores: null },
    os: { platform: "linux", arch: "x64" },
    gpus: [],
  };
  const records = [{ ...syntheticRun(), environment }, ...rows.map((row) => ({ record: "case", row }))];
  writeFileSync(
    join(folder, "results.jsonl"),
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  );
  return folder;
}

const rows = syntheticRows();
const [odd, even] = [1, 0].map((rest) => rows.filter((_, i) => i % 2 === rest));

describe("npm run report", () => {
  it("makes everything again from shards, prints table, findings and files", () => {
    const out = join(dir, "out");
    const { status, stdout, stderr } = report(stored("a", odd), stored("b", even), "--out", out);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toContain("SSD is 4.");
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/report\.html$/);
    expect(readdirSync(out)).toEqual(
      expect.arrayContaining(["results.csv", "figure-10.png", "report.html", "speedup.svg"]),
    );
    expect(readdirSync(out)).not.toContain("results.jsonl");
  });

  it.each<[string, () => string[], RegExp]>([
    ["no folder", () => [], /missing required argument .*npm run report -- DIR/],
    ["an unknown flag", () => ["--sharp"], /unknown option '--sharp'/],
    ["a folder without results", () => [join(dir, "none")], /cannot read .*results\.jsonl/],
    ["a run without cases", () => [stored("empty", [])], /holds no case yet/],
    [
      "another run's folder to write to",
      () => [stored("e", odd), "--out", stored("f", even)],
      /holds the results of another run/,
    ],
  ])("refuses %s with one line and exit 2", (_, args, why) => {
    const { status, stdout, stderr } = report(...args());
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(why);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});
