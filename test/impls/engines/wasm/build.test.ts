/** A stored kernel that is not what was written is built again, whether or not it still compiles. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { cacheFolder } from "../../../../impls/engines/wasm/build.js";

const source = new URL("../../../../impls/engines/wasm/probe.as.ts", import.meta.url);

/** A process that has loaded nothing yet. */
async function load() {
  vi.resetModules();
  const { loadKernel } = await import("../../../../impls/engines/wasm/build.js");
  return loadKernel(source, "plain");
}

let file = "";
beforeAll(async () => {
  const { name, simd, hash } = await load();
  file = join(cacheFolder, `${name}.${simd}.${hash}.wasm`);
}, 60_000);

it.each<[string, (bytes: Buffer) => Buffer]>([
  ["cut", (bytes) => bytes.subarray(0, bytes.length / 2)],
  // in what may well be valid code
  [
    "changed in one bit",
    (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte))),
  ],
  ["another module", () => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
])("%s", async (_, damage) => {
  const whole = readFileSync(file);
  writeFileSync(file, damage(whole));
  const { module } = await load();
  expect(WebAssembly.Module.exports(module).length).toBeGreaterThan(0);
  expect(readFileSync(file).equals(whole)).toBe(true);
  expect(readdirSync(cacheFolder).filter((name) => name.endsWith(String(process.pid)))).toEqual([]);
});
