/** A kernel for a memory of its own: one byte differs, and the same numbers come out. */

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { kernelFile } from "../../../../../impls/engines/wasm/build.js";
import { unshared } from "../../../../../impls/engines/wasm/place/unshared.js";

const SOURCE = new URL("../../../../../impls/engines/wasm/random.as.ts", import.meta.url);
/** Fields of `Args` in random.as.ts: to, row0, rows, cols, k0, k1, kind, last, rowsPerTask. */
const ARGS = [2 * 65536, 0, 8, 8, 123, 456, 0, 8, 8];

async function filled(bytes: Uint8Array<ArrayBuffer>, shared: boolean): Promise<Uint32Array> {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared });
  new Int32Array(memory.buffer, 65536, ARGS.length).set(ARGS);
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  (instance.exports.fill as (args: number, task: number, scratch: number) => void)(65536, 0, 0);
  return new Uint32Array(memory.buffer, ARGS[0], 64).slice();
}

describe("unshared", () => {
  it("gives a kernel that takes a memory of its own and computes the same bits", async () => {
    const bytes = new Uint8Array(await readFile((await kernelFile(SOURCE, "relaxed")).file));
    const own = unshared(bytes);
    expect(own.filter((byte, i) => byte !== bytes[i])).toHaveLength(1);
    await expect(filled(own, true)).rejects.toThrow(/memory/);
    const values = await filled(own, false);
    expect(values).toEqual(await filled(bytes, true));
    expect(new Set(values).size).toBeGreaterThan(32);
  });

  it("refuses what imports no shared memory, or other things beside it", () => {
    const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const named = [1, 0x61, 1, 0x62];
    const memory = (flags: number) => [...named, 2, flags, 1, 1];
    const module = (...imports: number[][]) =>
      Uint8Array.from([...head, 2, 1 + imports.flat().length, imports.length, ...imports.flat()]);
    expect(unshared(module(memory(3)))).toEqual(module(memory(1)));
    for (const bad of [module(memory(1)), module(memory(3), memory(3)), Uint8Array.from(head)])
      expect(() => unshared(bad)).toThrow("expected a module whose one import is a shared memory");
  });
});
