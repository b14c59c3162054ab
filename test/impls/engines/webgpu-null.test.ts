/** Shaders that this machine cannot run are still compiled: Dawn's null backend needs no driver and offers every feature. */
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

it.each([16, 8])("tiled attention on subgroup matrices of %i compiles", async (size) => {
  const tiles = { TQ: 32, TK: 32, DPAD: 32, VPAD: 32, WR: 2, WC: 2, MM: size, NN: size, KK: size, LANES: 32 };
  await engine.gpu.pipeline({
    url: url("attention/tiled.webgpu.matrix.wgsl"),
    dtype: "f16",
    matrix: true,
    constants: tiles,
  });
});
