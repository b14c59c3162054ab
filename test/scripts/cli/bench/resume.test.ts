/** A run folder is data: what may go on with it, and what it may ask for. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseBenchOptions } from "../../../../scripts/cli/bench/options.js";
import { earlierRun } from "../../../../scripts/cli/bench/resume.js";
import type { Environment } from "../../../../suites/measure/environment.js";
import type { Group } from "../../../../suites/plan/case.js";
import { measuredRow } from "../../../reports/rows.js";
import { temporary } from "../../cli.js";

const environment = {
  cpu: { model: "A", cores: 2, flags: "avx2" },
  os: { platform: "linux", arch: "x64", host: "h" },
  node: { version: "v20.1.0" },
  commit: "c0ffee",
  dirty: false,
  dualbench: { version: "0.2.0", code: "sha256:0" },
  packages: { used: "1.0.0", unused: "1.0.0" },
  sources: { "/there/mine.ts": "sha256:1" },
};
const impl = ["/there/mine.ts"];
const mine = measuredRow({ id: "ssd/chunked.cpu length=512 make=mine", packages: { used: "1.0.0" } });
const ours = measuredRow({ id: "ssd/chunked.cpu length=512" });

function stored(options: object = {}, run: object = {}): string {
  const folder = join(temporary(), "run");
  const plan = { grid: "quick", seed: 0, options: { grid: "quick", ...options }, ids: [] };
  const head = {
    record: "run",
    version: 1,
    command: "c",
    plan,
    environment,
    startedUtc: "2026-01-01T00:00:00Z",
  };
  const records = [{ ...head, ...run }, ...[mine, ours].map((row) => ({ record: "case", row }))];
  mkdirSync(folder);
  writeFileSync(
    join(folder, "results.jsonl"),
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  );
  return folder;
}

const resume = (folder: string, ...flags: string[]) =>
  earlierRun(parseBenchOptions(["--resume", folder, ...flags])!, folder);

/** Both cases as a plan has them; mine comes from the user's file. */
const groups = [mine, ours].map(({ id, suite }) => ({
  cases: [{ id, suites: [suite] }],
})) as unknown as Group[];
const originOf = ({ id }: { id: string }) => (id === mine.id ? "/here/mine.ts" : undefined);
const here = (changes: object = {}) =>
  ({ ...environment, sources: { "/here/mine.ts": "sha256:1" }, ...changes }) as unknown as Environment;

describe("a received folder", () => {
  it("loads no file that the command does not name", () => {
    const folder = stored({ impl });
    expect(() => resume(folder)).toThrow(
      /kernels of \/there\/mine\.ts; .*only when the command names them: .*--impl \/there\/mine\.ts/,
    );
    expect(() => resume(folder, "--impl", "/here/other.ts")).toThrow(/only when the command names them/);
    expect(resume(folder, "--impl", "/here/mine.ts").plan.impl).toEqual(["/here/mine.ts"]);
    expect(() => resume(stored(), "--impl", "/here/mine.ts")).toThrow(/contradicts the stored plan/);
  });

  it.each<[string, object, RegExp]>([
    ["a grid", { grid: "huge" }, /plan\.options\.grid "huge"/],
    ["a grid called like a prototype", { grid: "constructor" }, /plan\.options\.grid "constructor"/],
    ["a suite", { suite: ["../x"] }, /plan\.options\.suite a list/],
    ["a seed", { seed: -1 }, /plan\.options\.seed -1/],
    ["an endless seed", { seed: 1e300 }, /plan\.options\.seed 1e\+300/],
    ["a shard", { shard: { index: 5, count: 4 } }, /plan\.options\.shard an object/],
    ["a filter", { filter: "lenght=5" }, /plan\.options\.filter "lenght=5"/],
    ["sizes", { axis: ["length=0"] }, /plan\.options\.axis a list/],
    ["files", { impl: [{}] }, /plan\.options\.impl.* a list/],
  ])("may not ask for %s that no flag could", (_, options, message) => {
    expect(() => resume(stored(options))).toThrow(message);
    expect(() => resume(stored(options))).toThrow(expect.objectContaining({ code: 2 }));
  });

  it("without a record of its run cannot go on", () => {
    expect(() => resume(stored({}, { version: 2 }))).toThrow(/no record of how its run was made/);
  });
});

describe("a run goes on", () => {
  const folder = stored({ impl });
  const earlier = (...flags: string[]) => resume(folder, "--impl", "/here/mine.ts", ...flags);

  it("with the same machine and the same code, wherever the user's file lies by now", () => {
    const { cases, anew } = earlier().check(here(), groups, originOf);
    expect([cases.length, anew]).toEqual([2, []]);
  });

  it("although a package has changed that computed nothing", () => {
    expect(
      earlier().check(here({ packages: { used: "1.0.0", unused: "2" } }), groups, originOf).anew,
    ).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    [
      "another host",
      { os: { ...environment.os, host: "other" } },
      /another machine: this is host other, not host h/,
    ],
    ["another Node", { node: { version: "v22.0.0" } }, /Node v22\.0\.0, not Node v20\.1\.0/],
    ["other CPU flags", { cpu: { ...environment.cpu, flags: "avx512f" } }, /CPU flags avx512f, not/],
  ])("not on %s, whatever else is asked", (_, change, message) => {
    for (const flags of [[], ["--anew"]]) {
      const check = () => earlier(...flags).check(here(change), groups, originOf);
      expect(check).toThrow(message);
      expect(check).toThrow(expect.objectContaining({ code: 3 }));
    }
  });

  const mineKey = `sequence-length\t${mine.id}`;
  const all = [mineKey, `sequence-length\t${ours.id}`];

  it.each<[string, object, RegExp, string[]]>([
    [
      "a user's kernel",
      { sources: { "/here/mine.ts": "sha256:2" } },
      /mine\.ts, .* was sha256:1, is sha256:2/,
      [mineKey],
    ],
    ["the commit", { commit: "beef" }, /the commit was c0ffee, is beef/, all],
    ["changes on top of it", { dirty: true }, /is c0ffee with changes/, all],
    [
      "the version",
      { dualbench: { version: "0.3.0", code: "sha256:0" } },
      /dualbench was 0\.2\.0, is 0\.3\.0/,
      all,
    ],
    ["the code", { dualbench: { version: "0.2.0", code: "sha256:9" } }, /hash of its code was sha256:0/, all],
    ["a package that computed", { packages: { used: "1.0.1" } }, /package used was 1\.0\.0, is 1\.0\.1/, all],
  ])("not after %s has changed; with --anew those curves begin again", (_, change, message, gone) => {
    const check = () => earlier().check(here(change), groups, originOf);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: 3, message: expect.stringContaining("--anew") }));
    const continued = earlier("--anew").check(here(change), groups, originOf);
    expect(continued.anew).toEqual(gone);
    expect([...continued.done]).toEqual(all.filter((key) => !gone.includes(key)));
  });

  it("--anew alone is no command", () => {
    expect(() => parseBenchOptions(["--anew"])).toThrow(/--resume DIR/);
  });
});
