/** Rows survive crashes: torn tails are dropped, damage is named, one writer a folder. */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../../reports/rows/errors.js";
import type { CaseRecord, RunRecord } from "../../../reports/rows/row.js";
import { checkFolder, RESULTS, RunStore, readRows, readRun } from "../../../reports/rows/store.js";
import { temporary } from "../../scripts/cli.js";
import { measuredRow } from "../rows.js";

const run: RunRecord = {
  record: "run",
  version: 1,
  command: "npm run bench",
  plan: { grid: "quick", seed: 0, options: {}, ids: ["s\ta", "s\tb"] },
  environment: {},
  startedUtc: "2026-01-01T00:00:00.000Z",
};
const resume = {
  record: "resume",
  command: "npm run bench",
  environment: {},
  startedUtc: "2026-01-01T01:00:00.000Z",
} as const;
const record = (id: string): CaseRecord => ({ record: "case", row: measuredRow({ id }) });

function stored(): { folder: string; file: string } {
  const folder = join(temporary(), "run");
  const store = RunStore.create(folder, run);
  store.append([record("a")]);
  store.append([record("b")]);
  store.close();
  return { folder, file: join(folder, RESULTS) };
}

describe("results.jsonl", () => {
  it("is read back as written", () => {
    const { folder } = stored();
    expect(readRun(folder).run).toEqual(run);
    expect(readRows(folder)).toEqual([measuredRow({ id: "a" }), measuredRow({ id: "b" })]);
  });

  it("loses a torn last line only, wherever it was torn, and --resume cuts it off", () => {
    const { folder, file } = stored();
    const whole = readFileSync(file);
    const start = whole.subarray(0, -1).lastIndexOf(0x0a) + 1;
    for (const length of [start + 1, start + 20, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      expect(readRows(folder).map(({ id }) => id)).toEqual(["a"]);
    }
    const store = RunStore.resume(folder, resume);
    store.append([record("b")]);
    store.close();
    expect(readRows(folder).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(readRun(folder).resumes).toEqual([resume]);
  });

  it("takes whatever a power loss left in the last line for torn", () => {
    const { folder, file } = stored();
    appendFileSync(file, Buffer.alloc(4096));
    expect(readRows(folder)).toHaveLength(2);
    appendFileSync(file, "\n");
    expect(readRows(folder)).toHaveLength(2);
  });

  it("names damage before the end by its line", () => {
    const { folder, file } = stored();
    const lines = readFileSync(file, "utf8").split("\n");
    lines[1] = lines[1].slice(0, 30);
    writeFileSync(file, lines.join("\n"));
    const { cases, faults, unreadable } = readRun(folder);
    expect(cases.map(({ row }) => row.id)).toEqual(["b"]);
    expect(faults).toEqual([expect.stringMatching(/line 2 is no JSON.*--resume/)]);
    expect(unreadable).toBe(1);
  });

  it("without a first record, or without a file, is no run", () => {
    const { folder, file } = stored();
    truncateSync(file, 10);
    expect(() => readRun(folder)).toThrow(/holds no run/);
    expect(() => readRun(join(folder, "nowhere"))).toThrow(/no such file/);
  });
});

describe("a folder", () => {
  it("with results in it is refused, an empty one is taken", () => {
    const { folder } = stored();
    expect(() => checkFolder(folder)).toThrow(/already holds results.*--out.*--resume/);
    expect(() => RunStore.create(folder, run)).toThrow(StoreError);
    const empty = join(folder, "empty");
    mkdirSync(empty);
    checkFolder(empty);
    expect(readdirSync(empty)).toEqual([]);
    expect(() => checkFolder(join(folder, RESULTS, "below"))).toThrow(/part of the path is a file/);
  });

  it("has one writer at a time", () => {
    const folder = join(temporary(), "run");
    const first = RunStore.create(folder, run);
    expect(() => RunStore.resume(folder, resume)).toThrow(new RegExp(`in use by process ${process.pid}`));
    first.close();
    RunStore.resume(folder, resume).close();
    expect(existsSync(join(folder, ".lock"))).toBe(false);
  });

  it("is free again after its writer has crashed, also when the process id was given to another", async () => {
    const { folder } = stored();
    const gone = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => gone.on("close", resolve));
    const locks = [
      JSON.stringify({ pid: gone.pid, host: hostname(), started: "1" }),
      JSON.stringify({ pid: process.pid, host: hostname(), started: "1" }),
      "",
      "not json",
    ];
    for (const lock of process.platform === "linux" ? locks : locks.slice(0, 1)) {
      writeFileSync(join(folder, ".lock"), lock);
      RunStore.resume(folder, resume).close();
    }
    writeFileSync(join(folder, ".lock"), JSON.stringify({ pid: 1, host: "another-machine", started: null }));
    expect(() => RunStore.resume(folder, resume)).toThrow(/in use by process 1/);
  });
});
