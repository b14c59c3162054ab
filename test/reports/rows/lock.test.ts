/** Who holds a folder, since when, and the way out that fits. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockFolder } from "../../../reports/rows/lock.js";
import { temporary } from "../../scripts/cli.js";

const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const held = (holder: object) => {
  const folder = temporary();
  writeFileSync(join(folder, ".lock"), JSON.stringify(holder));
  return { folder, file: join(folder, ".lock") };
};

it("names process, host, program and start of whoever holds it", () => {
  const folder = temporary();
  const unlock = lockFolder(folder);
  const { sinceUtc } = JSON.parse(readFileSync(join(folder, ".lock"), "utf8"));
  expect(() => lockFolder(folder)).toThrow(
    `in use by process ${process.pid} on host ${hostname()} (${process.argv[1]}) since ${sinceUtc}, says ${join(folder, ".lock")}`,
  );
  expect(() => lockFolder(folder)).toThrow(
    /wait for it, or choose another folder with --out; .*remove .*\.lock/,
  );
  unlock();
  expect(existsSync(join(folder, ".lock"))).toBe(false);
});

it.each<[string, number, RegExp]>([
  [
    "an hour",
    1 / 24,
    /process 7 on host elsewhere \(bench\.ts\) since .* if that process is gone, remove .*\.lock/,
  ],
  ["a day", 1.2, /it is a day old, so probably stale: remove .*\.lock/],
  ["weeks", 20.5, /it is 20 days old, so probably stale: remove .*\.lock/],
])("of another host, %s old", (_, days, message) => {
  const { folder } = held({
    pid: 7,
    host: "elsewhere",
    started: null,
    program: "bench.ts",
    sinceUtc: ago(days),
  });
  expect(() => lockFolder(folder)).toThrow(message);
});

it("of another host and an older version is as old as its file", () => {
  const { folder, file } = held({ pid: 7, host: "elsewhere", started: null });
  const then = new Date(ago(3));
  utimesSync(file, then, then);
  expect(() => lockFolder(folder)).toThrow(/3 days old/);
});

it.each([
  ["null"],
  ['{"pid":-1,"host":"x","started":null}'],
  ['{"pid":"1","host":"x","started":null}'],
  ["[]"],
  [""],
])("that no run has written (%s) holds nobody up", (text) => {
  const folder = temporary();
  writeFileSync(join(folder, ".lock"), text);
  lockFolder(folder)();
});

it.skipIf(process.platform === "win32")("is never followed nor waited for where it is something else", () => {
  for (const make of [
    (file: string) => execFileSync("mkfifo", [file]),
    (file: string) => mkdirSync(file),
    (file: string) => symlinkSync("/dev/zero", file),
  ]) {
    const folder = temporary();
    make(join(folder, ".lock"));
    expect(() => lockFolder(folder)).toThrow(/\.lock is .* and no lock; remove it/);
  }
});
