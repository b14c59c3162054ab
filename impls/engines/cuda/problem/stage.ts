import {
  type AnyOperator,
  inputDtype,
  type OutputName,
  outputSize,
  type Problem,
} from "../../../operator.js";
import type { Prepared } from "../../../prepared.js";
import { elementCount, type TensorSource } from "../../../tensor.js";
import type { CudaDevice } from "../device/device.js";
import type { Graphs } from "../device/graphs.js";
import { type Grid, type Kernel, type LibraryCall, launch, makeKernel } from "../device/kernel.js";
import type { KernelSource } from "../device/program.js";
import { type CufftCalls, loadCufft } from "../host/cufft.js";
import type { Handle } from "../host/driver.js";
import { writeInput } from "./inputs.js";
import { type OutputBuffer, OutputReader, poisonKernel } from "./outputs.js";
import { bytesOf, type Dtype, refused } from "./storage.js";
import { type RealTransforms, realTransforms } from "./transforms.js";

/** What a run records into. */
export interface CudaLaunch {
  kernel(kernel: Kernel): void;
}

/**
 * The buffers and kernels of one problem: inputs made on the device, outputs inspected there. What throws on the way to `prepared`
 * gives all memory back first: a problem that does not fit must not cost the next one its room.
 */
export class Stage<Op extends AnyOperator> {
  readonly dtype: Dtype;
  readonly #owned: { address: Handle; bytes: number }[] = [];
  readonly #outputs: OutputBuffer[] = [];
  readonly #kernels: Kernel[] = [];
  readonly #plans: RealTransforms[] = [];

  constructor(
    readonly device: CudaDevice,
    readonly graphs: Graphs,
    readonly operator: Op,
    readonly problem: Problem<Op>,
    private readonly cufft: () => CufftCalls = loadCufft,
  ) {
    const sentence = refused(problem.dtype);
    if (sentence) throw new Error(sentence);
    this.dtype = problem.dtype as Dtype;
  }

  has(name: string): boolean {
    return this.#source(name) !== undefined;
  }

  #source(name: string): TensorSource | undefined {
    return (this.problem as Problem).inputs[name];
  }

  /** An input's values in C order; address 0 where the problem has none. */
  input(name: string): Handle {
    const source = this.#source(name);
    if (!source) return 0n;
    const dtype = inputDtype(this.operator, this.problem as Problem, name) as Dtype;
    const address = this.scratch(name, elementCount(source.shape) * bytesOf(dtype));
    this.#orDispose(() => writeInput(this.device, source, dtype, address));
    return address;
  }

  /** @param dtype where an output is stored in another type than the problem's, e.g. states in f32 */
  output(name: OutputName<Op>, dtype: Dtype = this.dtype): Handle {
    const count = outputSize(this.operator, this.problem as Problem, name);
    const address = this.scratch(name, count * bytesOf(dtype));
    this.#outputs.push({ name, address, dtype, count });
    return address;
  }

  /** @throws with both figures where the card has not as much */
  scratch(what: string, bytes: number): Handle {
    const address = this.#orDispose(() => this.device.allocate(what, bytes));
    this.#owned.push({ address, bytes });
    return address;
  }

  /** Scratch memory that a kernel may read before it writes. */
  zeroed(what: string, bytes: number): Handle {
    return this.upload(what, new Uint8Array(bytes));
  }

  /** A table or counters that a kernel needs beside the problem's tensors. */
  upload(what: string, data: Uint8Array): Handle {
    const address = this.scratch(what, data.byteLength);
    this.#orDispose(() => this.device.upload(address, data));
    return address;
  }

  /** Adds a launch to what `run` does, in order. */
  kernel(source: KernelSource, grid: Grid, parameters: readonly Uint8Array[]): void {
    this.#orDispose(() =>
      this.#kernels.push(makeKernel(this.device, this.device.kernel(source), grid, parameters)),
    );
  }

  #orDispose<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Adds what a library launches to what `run` does, in order. */
  call(step: LibraryCall): void {
    this.#kernels.push(step);
  }

  /** Fourier transforms of rows, whose plans live as long as this problem. */
  transforms(size: { readonly length: number; readonly rows: number }): RealTransforms {
    const transforms = this.#orDispose(() =>
      realTransforms(this.device, this.cufft(), size, (bytes) => this.scratch("cuFFT's work", bytes)),
    );
    this.#plans.push(transforms);
    return transforms;
  }

  /** Everything that `run` needs exists; what follows allocates nothing. */
  prepared(details: Readonly<Record<string, string | number | boolean>> = {}): Prepared<Op, CudaLaunch> {
    const { device } = this;
    const poison = this.#orDispose(() => {
      device.wait("making the inputs");
      return this.#outputs.map((output) => poisonKernel(device, output));
    });
    const reader = new OutputReader(device, this.operator, this.problem, this.#outputs);
    const hashes = new Set(this.#kernels.map((kernel) => kernel.function.hash));
    return {
      run: (lane) => {
        for (const kernel of this.#kernels) lane.kernel(kernel);
      },
      poison: () => {
        for (const kernel of poison) launch(device, kernel);
        device.wait("poison");
      },
      read: () => reader.read(),
      inspect: (lanes) => reader.inspect(lanes),
      bytes: this.#owned.reduce((sum, { bytes }) => sum + bytes, 0),
      details: { cubin: [...hashes].join(" "), ...details },
      dispose: () => this.dispose(),
    };
  }

  dispose(): void {
    this.graphs.forget(this.#kernels);
    for (const { address } of this.#owned) this.device.free(address);
    this.#owned.length = 0;
    for (const plan of this.#plans) plan.dispose();
    this.#plans.length = 0;
  }
}
