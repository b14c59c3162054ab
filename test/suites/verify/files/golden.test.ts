/** What `--vectors` finds in a folder under a golden name, and is none. */
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { formatGoldenLine, goldenFiles, readGolden } from "../../../../suites/verify/files/golden.js";
import { temporary } from "../../../scripts/cli.js";

it.skipIf(process.platform === "win32")("waits for no pipe and reads no device", () => {
  const folder = temporary();
  const file = (name: string) => join(folder, `${name}.safetensors`);
  execFileSync("mkfifo", [file("pipe")]);
  mkdirSync(file("folder"));
  symlinkSync("/dev/zero", file("zero"));
  expect(goldenFiles(folder)).toHaveLength(3);
  expect(() => readGolden(file("pipe"))).toThrow("it is a pipe, not a file");
  expect(() => readGolden(file("folder"))).toThrow("it is a folder, not a file");
  expect(() => readGolden(file("zero"))).toThrow("it is a device, not a file");
});

it("moves no cursor by the name of a case", () => {
  expect(formatGoldenLine({ status: "skip", case: "a\u001b[2J", detail: "b\nc" })).toBe(
    "skip a\\u001b[2J: b c",
  );
});
