/** Shaders that this machine cannot run are still compiled: Dawn's null backend needs no driver and offers every feature. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { open } from "../../../impls/engines/webgpu.js";

const engine = await open("null");
afterAll(() => engine.close());

const matrix = (size: number) => ({
  Q: 32,
  PS: 32,
  NT: 32,
  NPAD: 32,
  WR: 2,
  WC: 2,
  MM: size,
  NN: size,
  KK: size,
  LANES: 32,
});
const url = (path: string) => new URL(`../../../impls/${path}`, import.meta.url);

it.each([16, 8])(
  "ssd chunked on %i x same x same subgroup matrices compiles, with all optional inputs or none",
  async (size) => {
    for (const flags of [
      ["outputs", "startStates", "endStates"],
      ["outputs", "startStates", "dt", "quads"],
      ["endStates", "endDecays", "dt"],
    ])
      await engine.gpu.pipeline({
        url: url("ssd/chunked.webgpu.matrix.wgsl"),
        dtype: "f16",
        matrix: true,
        flags,
        constants: matrix(size),
      });
  },
);

it.each([16, 8])(
  "the matrix ceiling on %i x same x same compiles, and binds its two buffers",
  async (size) => {
    const constants = { MM: size, NN: size, KK: size, LANES: 32 };
    const source = {
      url: url("engines/webgpu/matrix-rate.wgsl"),
      dtype: "f16",
      matrix: true,
      constants,
    } as const;
    const pipeline = await engine.gpu.pipeline(source);
    const uniform = engine.gpu.buffer(16, GPUBufferUsage.UNIFORM);
    const sink = engine.gpu.buffer(16, GPUBufferUsage.STORAGE);
    engine.gpu.bind(pipeline, { 0: uniform, 1: sink }, [1, 1, 1]);
    await engine.gpu.settle();
    // an error of the driver's validation, not of ours: the null backend does look
    engine.gpu.bind(pipeline, { 0: sink, 1: uniform }, [1, 1, 1]);
    await expect(engine.gpu.settle()).rejects.toThrow(/^matrix-rate.wgsl: Binding usage/);
  },
);

const attentionTiles = (size: number) => ({
  TQ: 32,
  TK: 32,
  DPAD: 32,
  VPAD: 32,
  WR: 2,
  WC: 2,
  MM: size,
  NN: size,
  KK: size,
  LANES: 32,
});

it.each([
  { path: "engines/webgpu/matrix-rate.wgsl", constants: { MM: 16, NN: 16, KK: 16, LANES: 32 } },
  { path: "ssd/chunked.webgpu.matrix.wgsl", constants: matrix(16) },
  { path: "attention/tiled.webgpu.matrix.wgsl", constants: attentionTiles(16) },
])("factors in the wrong order in $path are refused", async ({ path, constants }) => {
  const text = readFileSync(url(path), "utf8");
  const planted = text.replace(/subgroupMatrixMultiplyAccumulate\(([^,]+), ([^,]+), /, (_, left, right) => {
    return `subgroupMatrixMultiplyAccumulate(${right}, ${left}, `;
  });
  expect(planted).not.toBe(text);
  const folder = mkdtempSync(join(tmpdir(), "dualbench-null-"));
  try {
    const file = join(folder, "planted.wgsl");
    writeFileSync(file, planted);
    const flags = ["outputs", "startStates", "endStates"];
    const source = { url: pathToFileURL(file), dtype: "f16", matrix: true, constants, flags } as const;
    await expect(engine.gpu.pipeline(source)).rejects.toThrow("subgroupMatrixMultiplyAccumulate");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each([16, 8])("tiled attention on subgroup matrices of %i compiles", async (size) => {
  await engine.gpu.pipeline({
    url: url("attention/tiled.webgpu.matrix.wgsl"),
    dtype: "f16",
    matrix: true,
    constants: attentionTiles(size),
  });
});
