/** Time between two events on the device around replays of a run's graph; caches warm, or overwritten first. */
import type { Timing } from "../../engine.js";
import type { CudaDevice } from "../device/device.js";
import type { Graphs } from "../device/graphs.js";
import { type Kernel, launch, makeKernel, pack, strided } from "../device/kernel.js";
import type { Handle } from "../host/driver.js";

const fillUrl = new URL("../problem/fill.cu", import.meta.url);

export class Stopwatch {
  readonly #start: Handle;
  readonly #end: Handle;
  #flush: { kernel: Kernel; buffer: Handle } | undefined;

  constructor(
    readonly device: CudaDevice,
    readonly graphs: Graphs,
  ) {
    this.#start = device.handle("cuEventCreate", (out) => device.calls.cuEventCreate(out, 0));
    this.#end = device.handle("cuEventCreate", (out) => device.calls.cuEventCreate(out, 0));
  }

  /** Of one run, the mean over `repeats` in a row. */
  time(kernels: readonly Kernel[], repeats: number, before: readonly Kernel[] = []): Timing {
    const { device } = this;
    const { calls, stream } = device;
    const graph = this.graphs.of(kernels);
    const names = namesOf(kernels);
    device.wait(names);
    const begin = performance.now();
    // not waited for: what overwrites the caches also hides how long the host takes to launch the run
    for (const kernel of before) launch(device, kernel);
    device.check("cuEventRecord", calls.cuEventRecord(this.#start, stream));
    for (let i = 0; i < repeats; i++) device.check(names, calls.cuGraphLaunch(graph, stream));
    device.check("cuEventRecord", calls.cuEventRecord(this.#end, stream));
    device.check(names, calls.cuEventSynchronize(this.#end));
    const hostNs = ((performance.now() - begin) * 1e6) / repeats;
    const ms = new Float32Array(1);
    device.check("cuEventElapsedTime", calls.cuEventElapsedTime(ms, this.#start, this.#end));
    return { hostNs, deviceNs: (ms[0] * 1e6) / repeats };
  }

  /** After a buffer of several times the last-level cache was written. */
  timeCold(kernels: readonly Kernel[]): Timing {
    this.#flush ??= this.#flusher();
    return this.time(kernels, 1, [this.#flush.kernel]);
  }

  #flusher() {
    const { device } = this;
    const words = Math.ceil(device.facts.attributes.l2Bytes / 4) * 4;
    const buffer = device.allocate("what overwrites the caches", words * 4);
    const fill = device.kernel({ urls: [fillUrl], entry: "fill", plain: true });
    return { kernel: makeKernel(device, fill, strided(words), [pack([buffer, BigInt(words), 0])]), buffer };
  }

  close(): void {
    if (this.device.isLost) return;
    if (this.#flush) this.device.free(this.#flush.buffer);
    for (const event of [this.#start, this.#end]) this.device.calls.cuEventDestroy_v2(event);
  }
}

/** As errors name a run: nobody can say which of its kernels a graph failed in. */
export function namesOf(kernels: readonly Kernel[]): string {
  return [...new Set(kernels.map((kernel) => kernel.function.name))].join(", ");
}
