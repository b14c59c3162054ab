import type { Ceilings } from "../../engine.js";
import type { GpuDevice } from "../device/device.js";
import { uniforms } from "../device/kernel.js";
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

async function best(
  stopwatch: Stopwatch,
  rounds: number,
  work: (pass: GPUComputePassEncoder) => void,
): Promise<number> {
  let ns = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) {
    const { hostNs, deviceNs } = await stopwatch.time(work);
    if (i > 0) ns = Math.min(ns, deviceNs ?? hostNs);
  }
  return ns / 1e9;
}

async function copyRate(gpu: GpuDevice, stopwatch: Stopwatch): Promise<number> {
  const bytes = Math.min(gpu.isSoftware ? 8 * 2 ** 20 : 1024 * 2 ** 20, gpu.maxBindingBytes);
  const words = Math.floor(bytes / 16);
  const from = gpu.buffer(words * 16, GPUBufferUsage.STORAGE);
  const to = gpu.buffer(words * 16, GPUBufferUsage.STORAGE);
  const size = gpu.buffer(16, uniforms(), new Uint32Array([words, 0, 0, 0]));
  try {
    const kernel = gpu.bind(await gpu.pipeline({ url: copyUrl, dtype: "f32" }), { 0: size, 1: from, 2: to }, [
      Math.min(65535, Math.ceil(words / 256)),
      1,
      1,
    ]);
    const seconds = await best(stopwatch, 6, (pass) => {
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, kernel.bindGroup);
      pass.dispatchWorkgroups(...kernel.groups);
    });
    return (2 * words * 16) / seconds;
  } finally {
    for (const buffer of [from, to, size]) gpu.free(buffer);
  }
}

async function multiplyAddRate(gpu: GpuDevice, stopwatch: Stopwatch, dtype: "f32" | "f16"): Promise<number> {
  const groups = gpu.isSoftware ? 8 : 8192;
  const steps = gpu.isSoftware ? 64 : 1024;
  const sink = gpu.buffer(4096, GPUBufferUsage.STORAGE);
  const size = gpu.buffer(16, uniforms(), new Uint32Array([steps, 0, 0, 0]));
  try {
    const kernel = gpu.bind(await gpu.pipeline({ url: multiplyAddUrl, dtype }), { 0: size, 1: sink }, [
      groups,
      1,
      1,
    ]);
    const seconds = await best(stopwatch, 5, (pass) => {
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, kernel.bindGroup);
      pass.dispatchWorkgroups(...kernel.groups);
    });
    return (groups * 256 * steps * 8 * 4 * 2) / seconds; // eight chains of vec4, two operations each
  } finally {
    gpu.free(sink);
    gpu.free(size);
  }
}

/** A dense f16 product with f32 sums on the matrix unit, operands from workgroup memory: what a kernel built like ours can reach. */
async function matrixRate(gpu: GpuDevice, stopwatch: Stopwatch): Promise<number> {
  const { M, N, K } = gpu.matrixShapes[0]!;
  const groups = 4096;
  const steps = 512;
  const sink = gpu.buffer(groups * 4, GPUBufferUsage.STORAGE);
  const size = gpu.buffer(16, uniforms(), new Uint32Array([steps, 0, 0, 0]));
  try {
    const lanes = Number(gpu.adapter.info.subgroupMaxSize ?? 32);
    const pipeline = await gpu.pipeline({
      url: matrixUrl,
      dtype: "f16",
      matrix: true,
      constants: { MM: M, NN: N, KK: K, LANES: lanes },
    });
    const kernel = gpu.bind(pipeline, { 0: size, 1: sink }, [groups, 1, 1]);
    const seconds = await best(stopwatch, 5, (pass) => {
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, kernel.bindGroup);
      pass.dispatchWorkgroups(...kernel.groups);
    });
    return (groups * 4 * steps * 4 * 2 * M * N * K) / seconds; // four subgroups, four products a step
  } finally {
    gpu.free(sink);
    gpu.free(size);
  }
}
