/** The roofline of this card in this run: a copy, multiply-adds in registers, products on the tensor cores. */
import type { Ceilings } from "../../engine.js";
import type { CudaDevice } from "../device/device.js";
import { type Grid, type Kernel, makeKernel, pack } from "../device/kernel.js";
import type { KernelSource } from "../device/program.js";
import type { Handle } from "../host/driver.js";
import type { Stopwatch } from "./stopwatch.js";

const copyUrl = new URL("./copy.cu", import.meta.url);
const multiplyAddUrl = new URL("./multiply-add.cu", import.meta.url);
const matrixUrl = new URL("./matrix-rate.cu", import.meta.url);

/** Far beyond any last-level cache. */
const COPY_BYTES = 2 ** 30;
const STEPS = 2048;
const THREADS = 256;

export function measureCeilings(device: CudaDevice, stopwatch: Stopwatch): Ceilings {
  const blocks = 8 * device.facts.attributes.multiprocessors;
  const warps = (blocks * THREADS) / 32;
  const steps = (source: KernelSource) =>
    onBuffers(device, [256], ([sink]) =>
      best(stopwatch, kernelOn(device, source, { blocks, threads: THREADS }, pack([sink as Handle, STEPS]))),
    );
  const f32 = (blocks * THREADS * STEPS * 8 * 2) / steps({ urls: [multiplyAddUrl], entry: "multiply_add" });
  const matrix = (type: "f16" | "bf16") =>
    steps({ urls: [matrixUrl], entry: "matrix_rate", defines: { TYPE: type } });
  // four products of 64 x 128 x 16 a warpgroup and step, or eight of 16 x 8 x 16 a warp
  const flops = device.capability === 90 ? (warps / 4) * 4 * 2 * 64 * 128 * 16 : warps * 8 * 2 * 16 * 8 * 16;
  return {
    bytesPerS: copyRate(device, stopwatch),
    flopsPerS: { f32, f16: (flops * STEPS) / matrix("f16"), bf16: (flops * STEPS) / matrix("bf16") },
  };
}

function copyRate(device: CudaDevice, stopwatch: Stopwatch): number {
  const bytes = Math.min(COPY_BYTES, 2 ** Math.floor(Math.log2(device.freeBytes() / 4)));
  return onBuffers(device, [bytes, bytes], ([from, to]) => {
    const grid = { blocks: 16 * device.facts.attributes.multiprocessors, threads: THREADS };
    const parameters = pack([from as Handle, to as Handle, BigInt(bytes / 16)]);
    return (
      (2 * bytes) /
      best(stopwatch, kernelOn(device, { urls: [copyUrl], entry: "copy", plain: true }, grid, parameters))
    );
  });
}

function kernelOn(device: CudaDevice, source: KernelSource, grid: Grid, parameters: Uint8Array): Kernel {
  return makeKernel(device, device.kernel(source), grid, [parameters]);
}

/** Seconds of the fastest of some runs. */
function best(stopwatch: Stopwatch, kernel: Kernel): number {
  let ns = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const { deviceNs, hostNs } = stopwatch.time([kernel], 1);
    if (i > 0) ns = Math.min(ns, deviceNs ?? hostNs);
  }
  stopwatch.graphs.forget([kernel]);
  return ns / 1e9;
}

function onBuffers<T>(
  device: CudaDevice,
  bytes: readonly number[],
  work: (buffers: readonly Handle[]) => T,
): T {
  const buffers: Handle[] = [];
  try {
    for (const size of bytes) buffers.push(device.allocate("a buffer of the roofline", size));
    return work(buffers);
  } finally {
    for (const buffer of buffers) device.free(buffer);
  }
}
