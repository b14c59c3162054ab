/** What lies in a temporary directory under our name is only loaded where nobody else could have put it there. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { unpackOnce } from "../../../../../impls/engines/webgpu/device/unpack.js";
import { temporary } from "../../../../scripts/cli.js";

afterEach(() => vi.unstubAllEnvs());

function place(): { target: string; unpack: () => string } {
  const folder = temporary();
  vi.stubEnv("TMPDIR", folder);
  const archive = join(folder, "library.so.br");
  writeFileSync(archive, brotliCompressSync(Buffer.from("ours")));
  const target = join(folder, `dualbench-x-${process.getuid?.() ?? 0}`);
  return { target, unpack: () => readFileSync(join(unpackOnce("x", [archive]), "library.so"), "utf8") };
}

describe.skipIf(process.platform === "win32")("unpacked libraries", () => {
  it("stay for the next process", () => {
    const { target, unpack } = place();
    expect(unpack()).toBe("ours");
    writeFileSync(join(target, "library.so"), "ours, kept");
    expect(unpack()).toBe("ours, kept");
  });

  it.each<[string, (target: string) => void]>([
    ["that anyone may write to", (target) => chmodSync(target, 0o777)],
    ["of a group", (target) => chmodSync(target, 0o770)],
  ])("are not taken from a folder %s", (_, open) => {
    const { target, unpack } = place();
    mkdirSync(target);
    writeFileSync(join(target, "library.so"), "theirs");
    open(target);
    expect(unpack()).toBe("ours");
  });

  it("are not taken from where a link leads", () => {
    const { target, unpack } = place();
    const theirs = temporary();
    writeFileSync(join(theirs, "library.so"), "theirs");
    symlinkSync(theirs, target);
    expect(unpack()).toBe("ours");
  });
});
