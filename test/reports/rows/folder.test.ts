/** Nothing is made or replaced that was not meant, and what cannot be made is told at once. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, readPlain, tryFolder, writeInto, writeNamed } from "../../../reports/rows/folder.js";
import { checkFolder } from "../../../reports/rows/store.js";
import { temporary } from "../../scripts/cli.js";

const isLinux = process.platform === "linux";

describe("a folder", () => {
  it("is made with those above it, and tried without a trace", () => {
    const folder = temporary();
    tryFolder(join(folder, "a", "b"));
    expect(readdirSync(folder)).toEqual([]);
    expect(makeFolder(join(folder, "a", "b"))).toEqual([join(folder, "a"), join(folder, "a", "b")]);
    expect(makeFolder(join(folder, "a", "b"))).toEqual([]);
  });

  // Node's own recursive mkdir never returns from the first two
  it.skipIf(!isLinux).each([
    ["/proc/dualbench/run", /makes no files or folders there/],
    ["/proc/1/dualbench/run", /makes no files or folders there/],
    ["/proc/self", /makes no files or folders there/],
    ["/sys/dualbench", /cannot write into/],
    ["/dev/null/run", /a part of the path is a file/],
  ])("%s is refused at once", (folder, message) => {
    expect(() => checkFolder(folder)).toThrow(message);
  });

  it("is not made through a link that leads nowhere", () => {
    const folder = temporary();
    symlinkSync(join(folder, "nowhere"), join(folder, "link"));
    expect(() => checkFolder(join(folder, "link", "run"))).toThrow(/exists already/);
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });
});

/** In a folder of its own: each thing that is no plain file. */
function things(): { folder: string; names: string[]; target: string } {
  const folder = temporary();
  const target = join(folder, "target");
  writeFileSync(target, "precious");
  symlinkSync(target, join(folder, "link"));
  symlinkSync(join(folder, "new"), join(folder, "dangling"));
  mkdirSync(join(folder, "folder"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
  return { folder, target, names: ["link", "dangling", "folder", "pipe"] };
}

describe.skipIf(process.platform === "win32")("files", () => {
  it("of a results folder replace plain files only", () => {
    const { folder, names, target } = things();
    for (const name of names)
      expect(() => writeInto(folder, name, "new")).toThrow(/never replaced; remove it/);
    expect(readFileSync(target, "utf8")).toBe("precious");
    expect(existsSync(join(folder, "new"))).toBe(false);
    writeInto(folder, "target", "new");
    expect(readFileSync(target, "utf8")).toBe("new");
    expect(readdirSync(folder).sort()).toEqual([...names, "target"].sort());
  });

  it("that were named are written where links lead, and links stay", () => {
    const { folder, target } = things();
    writeNamed(join(folder, "link"), "one");
    writeNamed(join(folder, "dangling"), "two");
    expect([readFileSync(target, "utf8"), readFileSync(join(folder, "new"), "utf8")]).toEqual(["one", "two"]);
    for (const name of ["link", "dangling"])
      expect(lstatSync(join(folder, name)).isSymbolicLink()).toBe(true);
    writeNamed("/dev/null", "three");
    expect(lstatSync("/dev/null").isFile()).toBe(false);
    expect(() => writeNamed(join(target, "below"), "four")).toThrow(
      /cannot write .*part of the path is a file/,
    );
  });

  it("are read only where they are files", () => {
    const { folder } = things();
    expect(() => readPlain(join(folder, "pipe"))).toThrow("it is a pipe, not a file");
    expect(() => readPlain(join(folder, "folder"))).toThrow("it is a folder, not a file");
    expect(() => readPlain("/dev/zero")).toThrow("it is a device, not a file");
    expect(readPlain(join(folder, "link")).toString()).toBe("precious");
  });
});
