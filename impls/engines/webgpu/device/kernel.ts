import type { GpuDevice, Kernel, KernelSource } from "./device.js";

/** A pipeline, compiled or known, with buffers bound by their @binding numbers. */
export async function makeKernel(
  gpu: GpuDevice,
  source: KernelSource,
  buffers: Readonly<Record<number, GPUBuffer | undefined>>,
  groups: readonly [number, number, number],
): Promise<Kernel> {
  return gpu.bind(await gpu.pipeline(source), buffers, groups);
}

/** Submits kernels in order, outside any timed pass. */
export function submit(gpu: GpuDevice, kernels: readonly Kernel[]): void {
  gpu.scoped("submit", () => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, groups } of kernels) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...groups);
    }
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
}

/** Grid of a kernel whose threads stride over `count` elements. */
export function strided(count: number): [number, number, number] {
  return [Math.max(1, Math.min(65535, Math.ceil(count / 256))), 1, 1];
}

/** Buffers of tensors: bound to kernels, copied from and to. */
export const storage = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** Buffers of sizes. */
export const uniforms = () => GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
