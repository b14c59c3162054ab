import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { implementationName } from "../../../../impls/implementation.js";
import { implementations } from "../../../../impls/index.js";
import { builtInFiles, closure, type Touched, touchedBy } from "../../../../suites/gate/trees/touched.js";
import { root, temporary } from "../../../scripts/cli.js";

const rooted = implementations.map((impl) => {
  const name = implementationName(impl);
  return { name, files: builtInFiles(name) };
});

function names(touched: Touched): string[] | string {
  return touched.all ? touched.why : [...touched.names].sort();
}

const touch = (...files: string[]) => names(touchedBy(files, [root], rooted));

describe("touchedBy", () => {
  it("finds a file for every implementation: path is identity", () => {
    for (const { files } of rooted)
      for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  });

  it("follows imports, and imports of kernels", () => {
    // Mamba-3 runs the kernel between a rotation and its weights, a block between its other parts
    expect(touch("impls/ssd/wasm/chunked.as.ts")).toEqual([
      "mamba2_block/chunked.wasm",
      "mamba3/chunked.wasm",
      "ssd/chunked.wasm",
    ]);
    expect(touch("impls/ssd/wasm/layout.as.ts")).toEqual([
      "mamba2_block/chunked.wasm",
      "mamba3/chunked.wasm",
      "ssd/chunked.wasm",
      "ssd/quadratic.wasm",
      "ssd/recurrent.wasm",
      "ssd_decode/recurrent.wasm",
    ]);
    expect(touch("impls/ssd/chunked.cpu.ts", "impls/attention/webgpu/tiled.wgsl")).toEqual([
      "attention/tiled.webgpu",
      // a block is made of its parts' kernels
      "mamba2_block/chunked.cpu",
      "mamba2_block_grad/chunked.cpu",
      "ssd/chunked.cpu",
    ]);
    const engine = touch("impls/engines/wasm/pool.ts");
    expect(engine).toContain("convolution/fft.wasm");
    expect(engine).not.toContain("ssd/chunked.cpu");
  });

  it("follows what C includes", () => {
    expect(touch("impls/ssd/native/scores.h")).toEqual([
      "mamba2_block/chunked.native",
      "mamba2_block_grad/chunked.native",
      "mamba3/chunked.native",
      "ssd/chunked.native",
    ]);
    const all = touch("impls/engines/native/vector.h");
    expect(all).toContain("attention/tiled.native");
    expect(all).not.toContain("ssd/chunked.wasm");
  });

  it("knows an asset by its name when nothing names it", () => {
    const assets = ["impls/ssd/abacus/scan.first.wgsl", "impls/ssd/abacus/scan.py"];
    expect(touch(...assets, "impls/ssd/recurrent.cpu.ts")).toMatch(/maps to no/);
    const more = [...rooted, { name: "ssd/scan.abacus", files: [] }];
    expect(names(touchedBy(assets, [root], more))).toEqual(["ssd/scan.abacus"]);
    // programs made of it name it by operator and form
    expect(touch("impls/ssd/torch/chunked.py")).toEqual([
      ...[
        "mamba2_block/chunked.distributed",
        "mamba2_block/chunked.torch",
        "mamba2_block_grad/chunked.torch",
      ],
      ...["ssd/chunked.distributed", "ssd/chunked.torch", "ssd_grad/chunked.distributed"],
    ]);
  });

  it("takes everything for what it cannot map, and for no change at all", () => {
    expect(touch("suites/suite.ts")).toBe("suites/suite.ts maps to no implementation");
    expect(touch("package-lock.json", "impls/ssd/wasm/chunked.as.ts")).toMatch(/package-lock.json maps/);
    expect(touch("README.md")).toMatch(/README.md maps/);
    expect(touch()).toMatch(/nothing has changed/);
    // prose and tests beside code add nothing
    expect(touch("CHANGELOG.md", "test/x.test.ts", "impls/ssd/wasm/quadratic.as.ts")).toEqual([
      "ssd/quadratic.wasm",
    ]);
  });

  it("looks at both trees: what only the base imports still counts", () => {
    const base = temporary();
    const file = join(base, "impls/ssd/recurrent.cpu.ts");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'import { gone } from "./gone.js";\n');
    writeFileSync(join(base, "impls/ssd/gone.ts"), "export const gone = 1;\n");
    expect(names(touchedBy(["impls/ssd/gone.ts"], [root, base], rooted))).toEqual(["ssd/recurrent.cpu"]);
  });
});

it("closure leaves out types and what does not exist", () => {
  const top = temporary();
  const text =
    'import type { A } from "./a.js";\nimport { b } from "./b.js";\nnew URL("./no.wgsl", import.meta.url);\n';
  writeFileSync(join(top, "x.ts"), text);
  for (const name of ["a", "b"]) writeFileSync(join(top, `${name}.ts`), "export const v = 1;\n");
  expect([...closure(top, "x.ts")].sort()).toEqual(["b.ts", "x.ts"]);
  // a tree may have been transpiled in place: the source is what a change names
  writeFileSync(join(top, "b.js"), "export const v = 1;\n");
  expect([...closure(top, "x.ts")].sort()).toEqual(["b.ts", "x.ts"]);
});
