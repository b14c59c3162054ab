/** A run as a CUDA graph: captured once, replayed with one call of the driver. */
import type { Handle } from "../host/driver.js";
import type { CudaDevice } from "./device.js";
import { type Kernel, launch } from "./kernel.js";

/** Work of other streams of this process does not stop a capture. */
const THREAD_LOCAL = 1;

interface Captured {
  readonly kernels: readonly Kernel[];
  readonly executable: Handle;
}

export class Graphs {
  readonly #known = new Map<Kernel, Captured>();

  constructor(readonly device: CudaDevice) {}

  /** The graph that launches these kernels in this order. */
  of(kernels: readonly Kernel[]): Handle {
    const [first] = kernels;
    if (!first) throw new Error("a run that launches nothing cannot be timed");
    const known = this.#known.get(first);
    const same = known?.kernels.length === kernels.length && known.kernels.every((k, i) => k === kernels[i]);
    if (known && same) return known.executable;
    this.forget(kernels);
    const executable = this.#capture(kernels);
    this.#known.set(first, { kernels: [...kernels], executable });
    return executable;
  }

  #capture(kernels: readonly Kernel[]): Handle {
    const { device } = this;
    const { calls, stream } = device;
    device.check("cuStreamBeginCapture", calls.cuStreamBeginCapture_v2(stream, THREAD_LOCAL));
    try {
      for (const kernel of kernels) launch(device, kernel);
    } catch (error) {
      // the capture is over in any case: the next run must not be recorded into it
      calls.cuStreamEndCapture(stream, new BigUint64Array(1));
      throw error;
    }
    const graph = device.handle("cuStreamEndCapture", (out) => calls.cuStreamEndCapture(stream, out));
    try {
      return device.handle("cuGraphInstantiate", (out) => calls.cuGraphInstantiateWithFlags(out, graph, 0));
    } finally {
      calls.cuGraphDestroy(graph);
    }
  }

  /** Of kernels that will not run again. */
  forget(kernels: readonly Kernel[]): void {
    const [first] = kernels;
    const known = first && this.#known.get(first);
    if (!known) return;
    this.#known.delete(first);
    if (!this.device.isLost)
      this.device.check("cuGraphExecDestroy", this.device.calls.cuGraphExecDestroy(known.executable));
  }
}
