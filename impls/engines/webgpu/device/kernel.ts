import { type Arguments, pairArguments } from "./arguments.js";
import type { GpuDevice, Kernel } from "./device.js";
import type { OwnedBuffers } from "./owned.js";
import type { AnySource } from "./source.js";

/** Workgroups along x, y and z. */
export type Grid = readonly [number, number, number];

/**
 * A kernel, compiled or known, with its arguments bound by the names that its WGSL gives them.
 * @param owned keeps the buffers of numbers
 * @throws where the names are not those of the text
 */
export async function makeKernel(
  owned: OwnedBuffers,
  source: AnySource,
  args: Arguments,
  grid: Grid,
): Promise<Kernel> {
  const program = await owned.gpu.program(source);
  const given = pairArguments(program.name, program.bindings, args);
  const entries = given.map((one) => {
    const { number, isUniform } = one.binding;
    const buffer = "words" in one ? owned.numbers(one.words, isUniform) : one.buffer;
    return { binding: number, resource: { buffer } };
  });
  return owned.gpu.bind(program, entries, grid);
}

/** Records one dispatch. */
export function dispatch(pass: GPUComputePassEncoder, { pipeline, bindGroup, grid }: Kernel): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...grid);
}

/** Submits kernels in order, outside any timed pass. */
export function submit(gpu: GpuDevice, kernels: readonly Kernel[]): void {
  gpu.scoped("submit", () => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const kernel of kernels) dispatch(pass, kernel);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
}

/** Grid of a kernel whose threads stride over `count` elements. */
export function strided(count: number): Grid {
  return [Math.max(1, Math.min(65535, Math.ceil(count / 256))), 1, 1];
}
