import {
  type AnyOperator,
  inputDtype,
  outputAxes,
  outputNames,
  type Problem,
  shapeOf,
} from "../../../operator.js";
import { type Prepared, rewriteInputs } from "../../../prepared.js";
import type { TensorSource } from "../../../tensor.js";
import type { Launch } from "../clock/launch.js";
import type { Arguments } from "../device/arguments.js";
import type { GpuDevice, Kernel } from "../device/device.js";
import { type Grid, makeKernel, submit } from "../device/kernel.js";
import { OwnedBuffers } from "../device/owned.js";
import type { Dtype, KernelSource, WholeText } from "../device/source.js";
import { givenBytes, randomKernels } from "./inputs.js";
import { OutputReader, type Piece, poisonKernel } from "./outputs.js";
import { InputRewriter } from "./rewriter.js";
import { bytesPerToken, planWindows, sliceOf, type TensorShape, type Window } from "./windows.js";

export interface StageOptions {
  /** Scratch bytes a token in the widest scratch binding of the kernels. */
  readonly scratchBytesPerToken?: number;
  /** Windows in time start at multiples of this. */
  readonly quantum?: number;
  /** Outputs stored in f32 whatever the dtype (states). */
  readonly f32Outputs?: readonly string[];
  /** False for kernels that cannot carry a state from one stretch of time to the next. */
  readonly cutsTime?: boolean;
  /** Inputs that kernels take in parts of their own. */
  readonly uncut?: readonly string[];
}

/**
 * The buffers and kernels of one problem: inputs made on the device, outputs inspected there. What throws on the way to `prepared`
 * gives all memory back first: a problem that does not fit must not cost the next one its room.
 */
export class Stage<Op extends AnyOperator> {
  readonly windows: readonly Window[];
  readonly dtype: Dtype;
  readonly #pieces = new Map<string, Piece>();
  readonly #owned: OwnedBuffers;
  readonly #kernels: Kernel[] = [];

  constructor(
    readonly gpu: GpuDevice,
    readonly operator: Op,
    readonly problem: Problem<Op>,
    readonly options: StageOptions = {},
  ) {
    if (problem.dtype !== "f32" && problem.dtype !== "f16")
      throw new Error(`WebGPU stores f32 or f16, got ${problem.dtype}`);
    if (problem.dtype === "f16" && !gpu.has("shader-f16"))
      throw new Error("dtype f16 needs the adapter feature shader-f16, which this one lacks");
    this.dtype = problem.dtype;
    this.#owned = new OwnedBuffers(gpu);
    this.windows = this.#plan();
  }

  #plan(): Window[] {
    const { operator, options, gpu } = this;
    const dims: Readonly<Record<string, number>> = this.problem.dims;
    const inputs = Object.entries(this.#inputs).flatMap(([name, source]) =>
      source && !options.uncut?.includes(name) ? [{ axes: source.axes, bytes: this.#inputBytes(name) }] : [],
    );
    const outputs = outputNames(operator, this.problem as Problem).map((name) => ({
      axes: outputAxes(operator, this.problem as Problem, name),
      bytes: bytesOf(this.#outputDtype(name)),
    }));
    const perToken = [...inputs, ...outputs].map((tensor: TensorShape) => bytesPerToken(tensor, dims));
    const widest = Math.max(1, options.scratchBytesPerToken ?? 0, ...perToken);
    const length = dims.length ?? 1;
    if (options.cutsTime === false) this.#assertFits("one batch", length * widest);
    return planWindows(dims.batch ?? 1, length, widest, gpu.maxBindingBytes, options.quantum);
  }

  get #inputs(): Readonly<Record<string, TensorSource | undefined>> {
    return (this.problem as Problem).inputs;
  }

  #inputBytes(name: string): number {
    return bytesOf(inputDtype(this.operator, this.problem as Problem, name) as Dtype);
  }

  #outputDtype(name: string): Dtype {
    return this.dtype === "f16" && !this.options.f32Outputs?.includes(name) ? "f16" : "f32";
  }

  has(name: string): boolean {
    return this.#inputs[name] !== undefined;
  }

  /** An input's values for one window. Undefined when the problem has none. */
  async input(name: string, window: Window): Promise<GPUBuffer | undefined> {
    const source = this.#inputs[name];
    if (!source) return undefined;
    const { row0, rows, width } = sliceOf(source.axes, source.shape, window);
    return this.part(name, row0 * width, rows * width);
  }

  /** Several inputs' values for one window, by name. */
  async inputs<Name extends string>(
    window: Window,
    ...names: readonly Name[]
  ): Promise<Record<Name, GPUBuffer | undefined>> {
    const buffers = await Promise.all(names.map((name) => this.input(name, window)));
    return Object.fromEntries(names.map((name, i) => [name, buffers[i]])) as Record<
      Name,
      GPUBuffer | undefined
    >;
  }

  /** Elements `[first, first + count)` of an input in C order; made on the device when they are a random function. */
  async part(name: string, first: number, count: number): Promise<GPUBuffer> {
    const source = this.#inputs[name];
    if (!source) throw new Error(`${this.operator.name}: this problem has no ${name}`);
    const key = `in ${name} ${first} ${count}`;
    const known = this.#pieces.get(key);
    if (known) return known.buffer;
    const dtype = inputDtype(this.operator, this.problem as Problem, name) as Dtype;
    return this.#orDispose(async () => {
      const buffer = this.scratch(name, count * bytesOf(dtype));
      this.#pieces.set(key, { name, buffer, dtype, base: first, count });
      await this.gpu.settle();
      if (source.kind === "given")
        this.gpu.device.queue.writeBuffer(buffer, 0, givenBytes(source, dtype, { first, count }));
      else {
        submit(this.gpu, await randomKernels(this.#owned, source, dtype, buffer, { first, count }));
      }
      return buffer;
    });
  }

  output(name: Extract<keyof Op["outputs"], string>, window: Window): GPUBuffer {
    const axes = outputAxes(this.operator, this.problem as Problem, name);
    const { row0, rows, width } = sliceOf(axes, shapeOf(axes, this.problem.dims), window);
    const key = `out ${name} ${row0}`;
    const known = this.#pieces.get(key);
    if (known) return known.buffer;
    const dtype = this.#outputDtype(name);
    const buffer = this.scratch(name, rows * width * bytesOf(dtype));
    this.#pieces.set(key, { name, buffer, dtype, base: row0 * width, count: rows * width });
    return buffer;
  }

  /** @throws with both figures when no binding of this adapter holds as much */
  scratch(what: string, bytes: number): GPUBuffer {
    this.#assertFits(what, bytes);
    return this.#owned.buffer(bytes, what);
  }

  /** A table that a kernel needs beside the problem's tensors. */
  upload(data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.scratch("a table", data.byteLength);
    this.gpu.device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  #assertFits(what: string, bytes: number): void {
    if (bytes <= this.gpu.maxBindingBytes) return;
    this.dispose();
    throw new Error(
      `${what} needs ${bytes} bytes in one binding, this adapter offers ${this.gpu.maxBindingBytes}`,
    );
  }

  async #orDispose<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.dispose();
      await this.gpu.settle().catch(() => {}); // what follows from the first error is no news to the next problem
      throw error;
    }
  }

  /**
   * Adds a dispatch to what `run` does, in order. Buffers stand under the names of the kernel's bindings, sizes as numbers under those
   * of the struct's members.
   */
  async kernel(
    source: (Omit<KernelSource, "dtype"> & { dtype?: Dtype }) | WholeText,
    args: Arguments,
    grid: Grid,
  ): Promise<void> {
    await this.#orDispose(async () => {
      await this.gpu.settle();
      if ("text" in source) {
        this.#kernels.push(await makeKernel(this.#owned, source, args, grid));
        return;
      }
      const flags = this.gpu.isSoftware ? [...(source.flags ?? []), "rolled"] : (source.flags ?? []);
      const full = { dtype: this.dtype, ...source, flags };
      this.#kernels.push(await makeKernel(this.#owned, full, args, grid));
    });
  }

  /**
   * Everything that `run` needs exists; what follows allocates nothing.
   * @throws what the driver said of any buffer or kernel of this stage
   */
  async prepared(): Promise<Prepared<Op, Launch>> {
    const { gpu } = this;
    const outputs = [...this.#pieces].filter(([key]) => key.startsWith("out ")).map(([, piece]) => piece);
    const poison = await this.#orDispose(async () => {
      const kernels = await Promise.all(outputs.map((piece) => poisonKernel(this.#owned, piece)));
      await gpu.settle();
      await gpu.device.queue.onSubmittedWorkDone();
      gpu.assertAlive();
      return kernels;
    });
    const reader = new OutputReader(gpu, this.operator, this.problem, outputs);
    const inputs = [...this.#pieces].filter(([key]) => key.startsWith("in ")).map(([, piece]) => piece);
    const rewriter = new InputRewriter(this.#owned, this.problem as Problem, inputs);
    return {
      run: (launch) => {
        for (const kernel of this.#kernels) launch.dispatch(kernel);
      },
      poison: () => submit(gpu, poison),
      read: () => gpu.checked("read", () => reader.read()),
      inspect: (lanes) => gpu.checked("inspect", () => reader.inspect(lanes)),
      bytes: this.#owned.bytes,
      dispose: () => this.dispose(),
      [rewriteInputs]: (next) => rewriter.rewrite(next),
    };
  }

  dispose(): void {
    this.#owned.free();
  }
}

function bytesOf(dtype: Dtype): number {
  return dtype === "f16" ? 2 : 4;
}
