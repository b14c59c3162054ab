import type { Timing } from "../../engine.js";
import type { GpuDevice, Kernel } from "../device/device.js";
import { dispatch, makeKernel, strided } from "../device/kernel.js";
import { OwnedBuffers } from "../device/owned.js";

const fillUrl = new URL("../problem/fill.wgsl", import.meta.url);

/** More than the last-level cache of any GPU known to us. */
const CACHE_BYTES = 256 * 2 ** 20;

/** Opens the compute pass of a sample, with timestamps at both ends where the adapter has them. */
export class Stopwatch {
  readonly #multipliers = new WeakMap<object, number>();
  readonly #queries: GPUQuerySet | undefined;
  readonly #resolved: GPUBuffer | undefined;
  readonly #read: GPUBuffer | undefined;
  #flush: Kernel | undefined;
  /** Smallest step of the device's clock seen so far, in ns. */
  tickNs = 1;
  #smallest = Number.POSITIVE_INFINITY;

  constructor(readonly gpu: GpuDevice) {
    if (!gpu.has("timestamp-query")) return;
    this.#queries = gpu.device.createQuerySet({ type: "timestamp", count: 2 });
    this.#resolved = gpu.buffer(16, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
    this.#read = gpu.buffer(16, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  multiplier(run: object): number {
    return this.#multipliers.get(run) ?? 1;
  }

  lengthen(run: object): void {
    this.#multipliers.set(run, 2 * this.multiplier(run));
  }

  /** Records with `work`, submits, waits; validation errors and a lost device throw Dawn's message. */
  async time(work: (pass: GPUComputePassEncoder) => void | Promise<void>): Promise<Timing> {
    return this.gpu.checked("run", async () => {
      const { device } = this.gpu;
      const encoder = device.createCommandEncoder();
      const queries = this.#queries;
      const pass = encoder.beginComputePass(
        queries
          ? { timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }
          : {},
      );
      await work(pass);
      pass.end();
      if (queries && this.#resolved && this.#read) {
        encoder.resolveQuerySet(queries, 0, 2, this.#resolved, 0);
        encoder.copyBufferToBuffer(this.#resolved, 0, this.#read, 0, 16);
      }
      const commands = encoder.finish();
      const start = performance.now();
      device.queue.submit([commands]);
      await device.queue.onSubmittedWorkDone();
      const hostNs = (performance.now() - start) * 1e6;
      this.gpu.assertAlive();
      if (!this.#read) return { hostNs };
      await this.#read.mapAsync(GPUMapMode.READ);
      const [begin, end] = new BigUint64Array(this.#read.getMappedRange().slice(0));
      this.#read.unmap();
      const deviceNs = Number((end ?? 0n) - (begin ?? 0n));
      // some drivers reset the counter between power states: such a sample has no device time
      if (deviceNs <= 0) return { hostNs };
      this.#learnTick(begin ?? 0n, end ?? 0n);
      return { hostNs, deviceNs };
    });
  }

  /** The tick is the largest power of two (in ns) that divides every timestamp seen, or 1 for clocks that do not count so. */
  #learnTick(...stamps: bigint[]): void {
    for (const stamp of stamps) {
      if (stamp === 0n) continue;
      this.#smallest = Math.min(this.#smallest, Number(stamp & -stamp));
    }
    this.tickNs = Math.max(1, Math.min(this.#smallest, 65536));
  }

  async overwriteCaches(): Promise<void> {
    const flush = this.#flush ?? (await this.#makeFlush());
    this.#flush = flush;
    await this.time((pass) => dispatch(pass, flush));
  }

  /** Its buffers live as long as the device. */
  #makeFlush(): Promise<Kernel> {
    const bytes = Math.min(CACHE_BYTES, this.gpu.maxBindingBytes);
    const owned = new OwnedBuffers(this.gpu);
    const total = bytes / 4;
    return makeKernel(
      owned,
      { url: fillUrl, dtype: "f32" },
      { size: { total, word: 0 }, T: owned.buffer(bytes) },
      strided(total),
    );
  }

  dispose(): void {
    this.#queries?.destroy();
  }
}
