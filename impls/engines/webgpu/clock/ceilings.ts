import type { Ceilings } from "../../engine.js";
import type { GpuDevice, Kernel } from "../device/device.js";
import { dispatch, makeKernel } from "../device/kernel.js";
import { OwnedBuffers } from "../device/owned.js";
import type { Stopwatch } from "./stopwatch.js";

const copyUrl = new URL("./copy.wgsl", import.meta.url);
const multiplyAddUrl = new URL("./multiply-add.wgsl", import.meta.url);
const matrixUrl = new URL("./matrix-rate.wgsl", import.meta.url);

/** The roofline of this adapter in this run: a copy, multiply-adds in registers and, where it exists, the matrix unit. */
export async function measureCeilings(gpu: GpuDevice, stopwatch: Stopwatch): Promise<Ceilings> {
  const bytesPerS = await copyRate(gpu, stopwatch);
  const f32 = await multiplyAddRate(gpu, stopwatch, "f32");
  const f16 = gpu.has("shader-f16") ? await multiplyAddRate(gpu, stopwatch, "f16") : undefined;
  const matrix = gpu.matrixShapes[0] && !gpu.isSoftware ? await matrixRate(gpu, stopwatch) : undefined;
  const best = Math.max(f16 ?? 0, matrix ?? 0);
  return { bytesPerS, flopsPerS: { f32, ...(best > 0 ? { f16: best } : {}) } };
}

async function copyRate(gpu: GpuDevice, stopwatch: Stopwatch): Promise<number> {
  const bytes = Math.min(gpu.isSoftware ? 8 * 2 ** 20 : 1024 * 2 ** 20, gpu.maxBindingBytes);
  const words = Math.floor(bytes / 16);
  const seconds = await best(gpu, stopwatch, 6, (owned) => {
    const source = owned.buffer(words * 16);
    const target_words = owned.buffer(words * 16);
    const grid = [Math.min(65535, Math.ceil(words / 256)), 1, 1] as const;
    return makeKernel(owned, { url: copyUrl, dtype: "f32" }, { size: { words }, source, target_words }, grid);
  });
  return (2 * words * 16) / seconds;
}

async function multiplyAddRate(gpu: GpuDevice, stopwatch: Stopwatch, dtype: "f32" | "f16"): Promise<number> {
  const groups = gpu.isSoftware ? 8 : 8192;
  const steps = gpu.isSoftware ? 64 : 1024;
  const seconds = await best(gpu, stopwatch, 5, (owned) =>
    makeKernel(owned, { url: multiplyAddUrl, dtype }, { size: { steps }, sink: owned.buffer(4096) }, [
      groups,
      1,
      1,
    ]),
  );
  return (groups * 256 * steps * 8 * 4 * 2) / seconds; // eight chains of vec4, two operations each
}

/** A dense f16 product with f32 sums on the matrix unit, operands from workgroup memory: what a kernel built like ours can reach. */
async function matrixRate(gpu: GpuDevice, stopwatch: Stopwatch): Promise<number> {
  const { M, N, K } = gpu.matrixShapes[0]!;
  const groups = 4096;
  const steps = 512;
  const constants = { MM: M, NN: N, KK: K, LANES: Number(gpu.adapter.info.subgroupMaxSize ?? 32) };
  const seconds = await best(gpu, stopwatch, 5, (owned) =>
    makeKernel(
      owned,
      { url: matrixUrl, dtype: "f16", matrix: true, constants },
      { size: { steps }, sink: owned.buffer(groups * 4) },
      [groups, 1, 1],
    ),
  );
  return (groups * 4 * steps * 4 * 2 * M * N * K) / seconds; // four subgroups, four products a step
}

/** Seconds of the shortest of some runs, the first one not counted. */
async function best(
  gpu: GpuDevice,
  stopwatch: Stopwatch,
  runs: number,
  prepare: (owned: OwnedBuffers) => Promise<Kernel>,
): Promise<number> {
  const owned = new OwnedBuffers(gpu);
  try {
    const kernel = await prepare(owned);
    let ns = Number.POSITIVE_INFINITY;
    for (let i = 0; i < runs; i++) {
      const { hostNs, deviceNs } = await stopwatch.time((pass) => dispatch(pass, kernel));
      if (i > 0) ns = Math.min(ns, deviceNs ?? hostNs);
    }
    return ns / 1e9;
  } finally {
    owned.free();
  }
}
