/** `npm run report` as a person starts it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Row } from "../../reports/rows/row.js";
import { syntheticRows, syntheticRun } from "../reports/fixtures.js";
import { readPdf } from "../reports/pdf.js";
import { commandOf, root } from "./cli.js";

const dir = mkdtempSync(join(tmpdir(), "dualbench-report-"));
afterAll(() => rmSync(dir, { recursive: true }));

function report(...args: string[]) {
  return spawnSync(process.execPath, [...commandOf("report"), ...args], { cwd: root, encoding: "utf8" });
}

function stored(name: string, rows: readonly Row[], cores = 2): string {
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
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

  it("draws the paper's figure for one column, and nothing else", () => {
    const out = join(dir, "paper");
    const folder = stored("p", rows);
    const flags = ["--width", "3.3in", "--palette", "grey", "--title", "Ours", "--font-size", "6"];
    const fragment = join(dir, "fragment.json");
    writeFileSync(fragment, JSON.stringify({ encoding: { y: { title: "Milliseconds" } } }));
    const { status, stdout, stderr } = report(
      folder,
      "--style",
      "paper",
      "--out",
      out,
      "--spec",
      fragment,
      ...flags,
    );
    expect([status, stderr]).toEqual([0, ""]);
    const files = ["csv", "pdf", "png", "svg", "vl.json"].map((type) => `figure-10.${type}`);
    expect(readdirSync(out).sort()).toEqual(files);
    for (const file of files) expect(stdout).toContain(file);
    const { mediaBox, text } = readPdf(readFileSync(join(out, "figure-10.pdf")));
    expect(mediaBox[2]).toBe(237.6);
    expect(text).toEqual(expect.arrayContaining(["Ours", "Milliseconds", "10³"]));
    const svg = readFileSync(join(out, "figure-10.svg"), "utf8");
    expect(svg).toContain('width="237.6pt"');
    expect(svg).not.toContain("#0072B2");
    const png = readFileSync(join(out, "figure-10.png"));
    expect(png.readUInt32BE(16)).toBe(Math.ceil((237.6 * 600) / 72));
    expect(png.toString("latin1")).toContain("pHYs");
  }, 120_000);

  it("compares two sides of runs, and ends with 0 whatever it finds", () => {
    const some = rows.filter(({ suite, engine }) => suite === "state-size" && engine === "wasm");
    const side = (name: string, factor: number) => {
      for (const i of [1, 2, 3])
        stored(
          join(name, `run${i}`),
          some.map((row) =>
            row.status === "measured" && row.state === 64 && row.form === "chunked"
              ? { ...row, medianNs: row.medianNs * factor * (1 + i / 1000) }
              : row,
          ),
        );
      return join(dir, name);
    };
    const out = join(dir, "compared");
    const { status, stdout } = report(side("before", 1), side("after", 1.2), "--compare", "--out", out);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /3 runs before, 3 after, 16 cases: 1 slower, 0 faster, no difference shown for 15;/,
    );
    expect(readdirSync(out).sort()).toEqual([
      "compare.csv",
      "compare.md",
      "compare.png",
      "compare.svg",
      "compare.vl.json",
      "report.html",
    ]);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("Before and after");
    const one = report(
      join(dir, "before/run1"),
      join(dir, "after/run1"),
      "--compare",
      "--out",
      join(dir, "one"),
    );
    expect(one.status).toBe(0);
    expect(one.stdout).toMatch(/not enough data for \d+;.*runs a side would show/);
  }, 120_000);

  it.each<[string, () => string[], RegExp]>([
    ["no folder", () => [], /missing required argument .*npm run report -- DIR/],
    [
      "a curve that is not there",
      () => [stored("k", odd), "--curves", "mamba-3"],
      /no curve is "mamba-3": there are/,
    ],
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
