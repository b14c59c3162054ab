/**
 * Every kernel is compiled by NVRTC, without a card, for sm_80 and sm_90a; registers and spilled bytes are held against the table of this
 * compiler's version. `.ci/nvrtc` fetches the compiler and compiles all; DUALBENCH_ALL_KERNELS=write writes the table anew.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Compiler, loadCompiler } from "../../../impls/engines/cuda/host/nvrtc.js";
import { allKernels, compile, type Used } from "./cuda/kernels.js";

function compilerHere(): Compiler | string {
  try {
    return loadCompiler();
  } catch (error) {
    return (error as Error).message;
  }
}

const compiler = compilerHere();
const mode = process.env.DUALBENCH_ALL_KERNELS;
const tableOf = (version: string) => new URL(`../../fixtures/nvrtc/${version}.json`, import.meta.url);

if (typeof compiler === "string") {
  it.skip(`the CUDA kernels are not compiled here: ${compiler} (.ci/nvrtc fetches one)`, () => {});
} else {
  const kernels = allKernels(mode !== undefined);
  const table = tableOf(compiler.version);
  const used = new Map<string, Used>();

  describe(`NVRTC ${compiler.version}`, () => {
    it.each(kernels)("compiles $name", (kernel) => {
      const found = compile(compiler, kernel);
      used.set(kernel.name, found);
      expect(found.registers).toBeLessThanOrEqual(255);
    });

    const known = existsSync(table);
    it.skipIf(!known && mode !== "write")(
      `gives registers and spills as in the table${known ? "" : `: there is none for NVRTC ${compiler.version}`}`,
      () => {
        const rows = Object.fromEntries(used);
        if (mode === "write") {
          mkdirSync(new URL(".", table), { recursive: true });
          writeFileSync(table, written(rows));
        }
        const expected = JSON.parse(readFileSync(table, "utf8")) as Record<string, Used>;
        expect(used.size).toBe(kernels.length);
        for (const [name, row] of used) expect(row, name).toEqual(expected[name]);
      },
    );
  });
}

/** One kernel a line. */
function written(rows: Readonly<Record<string, Used>>): string {
  const lines = Object.entries(rows).map(
    ([name, { registers, spilledBytes }]) =>
      `  ${JSON.stringify(name)}: { "registers": ${registers}, "spilledBytes": ${spilledBytes} }`,
  );
  return `{\n${lines.join(",\n")}\n}\n`;
}
