import type { GpuDevice } from "./device.js";

/** Buffers of tensors: bound to kernels, copied from and to. */
export const storage = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

const uniforms = () => GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;

/** Buffers that are given back together. */
export class OwnedBuffers {
  readonly #all: GPUBuffer[] = [];
  readonly #numbers = new Map<string, GPUBuffer>();

  constructor(readonly gpu: GpuDevice) {}

  get bytes(): number {
    return this.#all.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  buffer(bytes: number, what?: string, usage = storage()): GPUBuffer {
    const buffer = this.gpu.buffer(bytes, usage, undefined, what);
    this.#all.push(buffer);
    return buffer;
  }

  /** Of numbers that kernels read, and never change: equal ones are one buffer. */
  numbers(words: Uint32Array, isUniform: boolean): GPUBuffer {
    const key = `${isUniform} ${words.join(" ")}`;
    let buffer = this.#numbers.get(key);
    if (!buffer) {
      buffer = this.buffer(Math.ceil(words.length / 4) * 16, "sizes", isUniform ? uniforms() : storage());
      this.gpu.device.queue.writeBuffer(buffer, 0, words.buffer, words.byteOffset, words.byteLength);
      this.#numbers.set(key, buffer);
    }
    return buffer;
  }

  free(): void {
    for (const buffer of this.#all) this.gpu.free(buffer);
    this.#all.length = 0;
    this.#numbers.clear();
  }
}
