/** Shaders that this machine cannot run are still compiled: Dawn's null backend needs no driver and offers every feature. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { fitMatrix, tileName } from "../../../impls/attention/webgpu/matrix.js";
import { makeKernel } from "../../../impls/engines/webgpu/device/kernel.js";
import { OwnedBuffers } from "../../../impls/engines/webgpu/device/owned.js";
import { open } from "../../../impls/engines/webgpu.js";
import { fitMatrixTiles, matrixCounts } from "../../../impls/ssd/webgpu/tiles.js";

const engine = await open("null");
afterAll(() => engine.close());

const url = (path: string) => new URL(`../../../impls/${path}`, import.meta.url);

const ssdShared = url("ssd/webgpu/shared/matrix.wgsl");
const ssdConstants = (size: number) => {
  const room = { workgroupBytes: 49152, invocations: 1024, storageBytes: 2 };
  const tiles = fitMatrixTiles(100, { M: size, N: size, K: size }, 32, room)!;
  return { ...tiles, ...matrixCounts(tiles) };
};

const attentionConstants = (size: number, headDim: number) => {
  const limits = { maxComputeWorkgroupStorageSize: 49152, maxComputeInvocationsPerWorkgroup: 1024 };
  const matrixShapes = [{ M: size, N: size, K: size }];
  return fitMatrix(headDim, headDim, { subgroupSize: 32, matrixShapes, limits });
};

/** The null backend has 16 KiB of workgroup memory and says so last, when all else about a pipeline is in order. */
const tooLarge = /total use of workgroup storage/;
/** It has 8 storage buffers, too, and says that as late. */
const tooLargeOrWide = /total use of workgroup storage|The number of storage buffers/;

it.each([16, 8])(
  "ssd chunked on %i x same x same subgroup matrices is valid, with all optional inputs or none",
  async (size) => {
    const constants = ssdConstants(size);
    const kernel = (name: string, flags: readonly string[], matrix: boolean) =>
      engine.gpu.program({
        url: url(`ssd/webgpu/chunked.matrix.${name}.wgsl`),
        ...(matrix ? { shared: [ssdShared] } : {}),
        dtype: "f16",
        matrix,
        flags,
        constants,
      });
    for (const flags of [
      ["octets", "single"],
      ["octets", "single", "dt", "D"],
      ["octets", "z"],
      ["single"],
      ["dt", "D"],
      ["z"],
    ])
      for (const name of ["states", "output"])
        await expect(kernel(name, flags, true)).rejects.toThrow(tooLarge);
    for (const flags of [[], ["sums"], ["dt", "D"], ["z"], ["sums", "dt", "D", "z", "initialState"]])
      await expect(kernel("walk", ["octets", ...flags], true)).rejects.toThrow(tooLargeOrWide);
    for (const flags of [[], ["initialState"], ["carries"], ["walk"]])
      await expect(kernel("pass", flags, false)).resolves.toHaveProperty("pipeline");
  },
);

it.each([16, 8])(
  "the matrix ceiling on %i x same x same compiles, and binds its two buffers",
  async (size) => {
    const constants = { MM: size, NN: size, KK: size, LANES: 32 };
    const source = {
      url: url("engines/webgpu/clock/matrix-rate.wgsl"),
      dtype: "f16",
      matrix: true,
      constants,
    } as const;
    const owned = new OwnedBuffers(engine.gpu);
    const uniform = owned.buffer(16, "a uniform", GPUBufferUsage.UNIFORM);
    await makeKernel(owned, source, { size: { steps: 1 }, sink: owned.buffer(16) }, [1, 1, 1]);
    await engine.gpu.settle();
    // an error of the driver's validation, not of ours: the null backend does look
    await makeKernel(owned, source, { size: { steps: 1 }, sink: uniform }, [1, 1, 1]);
    await expect(engine.gpu.settle()).rejects.toThrow(/^matrix-rate.wgsl: Binding usage/);
    owned.free();
  },
);

it.each([
  { path: "engines/webgpu/clock/matrix-rate.wgsl", constants: { MM: 16, NN: 16, KK: 16, LANES: 32 } },
  { path: "ssd/webgpu/chunked.matrix.states.wgsl", constants: ssdConstants(16) },
  { path: "ssd/webgpu/chunked.matrix.output.wgsl", constants: ssdConstants(16) },
  { path: "ssd/webgpu/chunked.matrix.walk.wgsl", constants: ssdConstants(16) },
  { path: "attention/webgpu/tiled.matrix.wgsl", constants: attentionConstants(16, 64)[0] },
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
    const flags = ["octets"];
    const shared = path.startsWith("ssd/") ? { shared: [ssdShared] } : {};
    const source = {
      ...{ url: pathToFileURL(file), ...shared, constants, flags },
      ...({ dtype: "f16", matrix: true } as const),
    };
    await expect(engine.gpu.program(source)).rejects.toThrow("subgroupMatrixMultiplyAccumulate");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each([16, 8])("tiled attention on subgroup matrices of %i is valid, with every tile", async (size) => {
  for (const [headDim, flags, tiles] of [
    [64, ["octets"], ["128x16x32", "64x16x16", "64x32x16"]],
    [128, ["octets"], ["64x16x16", "64x32x16"]],
    [33, [], ["128x16x32", "64x16x16", "64x32x16"]],
  ] as const) {
    const all = attentionConstants(size, headDim);
    expect(all.map(tileName)).toEqual(tiles);
    for (const constants of all) {
      const file = url("attention/webgpu/tiled.matrix.wgsl");
      const source = { url: file, dtype: "f16", matrix: true, constants, flags } as const;
      const refused = await engine.gpu.program(source).then(
        () => undefined,
        (error: Error) => error.message,
      );
      if (refused !== undefined) expect(refused).toMatch(tooLarge);
    }
  }
});
