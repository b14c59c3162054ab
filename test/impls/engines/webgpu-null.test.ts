/** Shaders that this machine cannot run are still compiled: Dawn's null backend needs no driver and offers every feature. */
import { afterAll, expect, it } from "vitest";
import { fitMatrix } from "../../../impls/attention/tiled.webgpu.js";
import { open } from "../../../impls/engines/webgpu.js";
import { fitMatrixTiles, matrixCounts } from "../../../impls/ssd/webgpu.js";

const engine = await open("null");
afterAll(() => engine.close());

const url = (path: string) => new URL(`../../../impls/${path}`, import.meta.url);

/** The null backend has 16 KiB of workgroup memory and says so last, when all else about a pipeline is in order. */
const tooLarge = /total use of workgroup storage/;

it.each([16, 8])(
  "ssd chunked on %i x same x same subgroup matrices is valid, with all optional inputs or none",
  async (size) => {
    const room = { workgroupBytes: 49152, invocations: 1024, storageBytes: 2 };
    const tiles = fitMatrixTiles(100, { M: size, N: size, K: size }, 32, room)!;
    const constants = { ...tiles, ...matrixCounts(tiles) };
    const kernel = (name: string, flags: readonly string[], matrix: boolean) =>
      engine.gpu.pipeline({
        url: url(`ssd/chunked.webgpu.matrix.${name}.wgsl`),
        dtype: "f16",
        matrix,
        flags,
        constants,
      });
    for (const flags of [["octets"], ["octets", "dt", "D"], ["octets", "z"], [], ["dt", "D"], ["z"]])
      for (const name of ["states", "output"])
        await expect(kernel(name, flags, true)).rejects.toThrow(tooLarge);
    for (const flags of [[], ["initialState"], ["carries"]])
      await expect(kernel("pass", flags, false)).resolves.toHaveProperty("getBindGroupLayout");
  },
);

it("the matrix ceiling compiles", async () => {
  const constants = { MM: 16, NN: 16, KK: 16, LANES: 32 };
  expect(
    await engine.gpu.pipeline({
      url: url("engines/webgpu/matrix-rate.wgsl"),
      dtype: "f16",
      matrix: true,
      constants,
    }),
  ).toBeDefined();
});

it.each([16, 8])("tiled attention on subgroup matrices of %i is valid", async (size) => {
  const limits = { maxComputeWorkgroupStorageSize: 49152, maxComputeInvocationsPerWorkgroup: 1024 };
  const shape = { M: size, N: size, K: size };
  for (const [headDim, flags] of [
    [64, ["octets"]],
    [128, ["octets"]],
    [33, []],
  ] as const) {
    const constants = fitMatrix(headDim, headDim, { subgroupSize: 32, matrixShapes: [shape], limits })!;
    const kernel = engine.gpu.pipeline({
      url: url("attention/tiled.webgpu.matrix.wgsl"),
      dtype: "f16",
      matrix: true,
      constants,
      flags,
    });
    await expect(kernel).rejects.toThrow(tooLarge);
  }
});
