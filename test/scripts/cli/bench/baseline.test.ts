/** `--save` and `--against`: a run is kept under its name, and a later one is held against it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import {
  againstLines,
  holdAgainst,
  mustBeFree,
  readBaseline,
  saveBaseline,
} from "../../../../scripts/cli/bench/baseline.js";
import { environmentOf, LENGTHS, measured, syntheticRun } from "../../../reports/fixtures.js";
import { temporary } from "../../cli.js";

let home = "";
beforeEach(() => {
  home = temporary();
  vi.spyOn(process, "cwd").mockReturnValue(home);
});
afterEach(() => vi.restoreAllMocks());

function stored(name: string, factor: number): string {
  const folder = join(home, name);
  mkdirSync(folder);
  const rows = LENGTHS.slice(0, 6).map((length) =>
    measured("ssd/chunked.cpu", length, 64, factor * length * 1e3),
  );
  const records = [
    { ...syntheticRun(), environment: environmentOf("Synthetic CPU") },
    ...rows.map((row) => ({ record: "case", row })),
  ];
  writeFileSync(
    join(folder, "results.jsonl"),
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  );
  writeFileSync(join(folder, "results.csv"), "id\n");
  return folder;
}

it("keeps a run as it is, once", () => {
  const folder = stored("run", 1);
  mustBeFree("before");
  const [results, csv] = saveBaseline("before", folder);
  expect([results, csv]).toEqual(
    ["results.jsonl", "results.csv"].map((file) => join(home, "dualbench-baselines", "before", file)),
  );
  expect(readFileSync(results, "utf8")).toBe(readFileSync(join(folder, "results.jsonl"), "utf8"));
  expect(() => mustBeFree("before")).toThrow(/a baseline before already.*remove/);
  expect(() => mustBeFree("../before")).toThrow(/needs a name/);
});

it("gives each case its ratio, and closes with a sentence", () => {
  saveBaseline("before", stored("run", 1));
  const after = stored("later", 1.5);
  const lines = againstLines("before", holdAgainst(readBaseline("before"), after), 120);
  expect(lines.filter((line) => /^1\.50x /.test(line))).toHaveLength(6);
  expect(lines.at(-1)).toMatch(/^Against before: Synthetic CPU, .*: 1 run before, 1 after, 6 cases: /);
});

it("names the baselines that there are where one is missing, with exit code 2", () => {
  expect(() => readBaseline("before")).toThrow(/no baseline before: there is none yet; --save before/);
  saveBaseline("first", stored("run", 1));
  expect(() => readBaseline("before")).toThrow(/there are first;/);
  expect(() => readBaseline("../run")).toThrow(expect.objectContaining({ code: 2 }));
});
