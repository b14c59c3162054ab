import type { Inspection, Prepared } from "../../implementation.js";
import { laneView } from "../../lanes.js";
import {
  type AnyOperator,
  inputDtype,
  type Lane,
  type OutputName,
  type Outputs,
  type Problem,
  shapeOf,
} from "../../operator.js";
import { GRID_BITS, streamKeys } from "../../random.js";
import { type Distribution, matrixShape, type TensorSource } from "../../tensor.js";
import type { Dtype, GpuDevice, Kernel, KernelSource } from "./device.js";
import { halfBits, halfValue } from "./half.js";
import type { Lane as ComputeLane } from "./lane.js";
import { planWindows, sliceOf, type Window } from "./windows.js";

/** One buffer of one tensor: rows of it, and where they lie in the whole. */
interface Piece {
  readonly buffer: GPUBuffer;
  readonly dtype: Dtype;
  /** Flat index of the first element in the whole tensor. */
  readonly base: number;
  readonly count: number;
}

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

/** Their places are the cases of random.wgsl. */
const kinds: readonly Distribution[] = [
  "coherent",
  "signed8",
  "timeStep",
  "logDecay",
  "channelDecay",
  "longKernel",
  "signed",
];
const projectionKeys = streamKeys(0, "projection");
const asset = (name: string) => new URL(name, import.meta.url);
const storage = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** The buffers and kernels of one problem: inputs made on the device, outputs inspected there. */
export class Stage<Op extends AnyOperator> {
  readonly windows: readonly Window[];
  readonly dtype: Dtype;
  readonly #pieces = new Map<string, Piece>();
  readonly #owned: GPUBuffer[] = [];
  readonly #absent: GPUBuffer;
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
    this.windows = this.#plan();
    this.#absent = this.#own(16);
  }

  #plan(): Window[] {
    const { problem, operator, options, gpu } = this;
    const dims: Readonly<Record<string, number>> = problem.dims;
    const ignored = options.uncut ?? [];
    const tensors = [
      ...this.#sources()
        .filter(([name]) => !ignored.includes(name))
        .map(([name, { axes }]) => ({ axes, bytes: this.#inputBytes(name) })),
      ...this.#outputNames().map((name) => ({
        axes: operator.outputs[name] as readonly string[],
        bytes: this.#outputDtype(name) === "f16" ? 2 : 4,
      })),
    ];
    const perToken = tensors.map(({ axes, bytes }) => {
      const rest = (from: number) => shapeOf(axes.slice(from), dims).reduce((a, b) => a * b, bytes);
      if (axes[0] !== "batch") return 0;
      if (axes[1] === "length") return rest(2);
      return rest(1) / (dims.length ?? 1); // whole batches: their bytes spread over the batch's tokens
    });
    const length = dims.length ?? 1;
    const widest = Math.max(1, options.scratchBytesPerToken ?? 0, ...perToken);
    if (options.cutsTime === false && length * widest > gpu.maxBindingBytes)
      throw new Error(
        `one batch needs ${length * widest} bytes in one binding, this adapter offers ${gpu.maxBindingBytes}`,
      );
    return planWindows(dims.batch ?? 1, length, widest, gpu.maxBindingBytes, options.quantum);
  }

  #sources(): [string, TensorSource][] {
    return Object.entries(this.problem.inputs as Problem["inputs"]).flatMap(([name, source]) =>
      source ? [[name, source] as [string, TensorSource]] : [],
    );
  }

  #outputNames(): OutputName<Op>[] {
    return Object.keys(this.operator.outputs) as OutputName<Op>[];
  }

  #inputBytes(name: string): number {
    return inputDtype(this.operator, this.problem as Problem, name) === "f16" ? 2 : 4;
  }

  #outputDtype(name: string): Dtype {
    return this.dtype === "f16" && !this.options.f32Outputs?.includes(name) ? "f16" : "f32";
  }

  #own(bytes: number, usage = storage()): GPUBuffer {
    const buffer = this.gpu.buffer(bytes, usage);
    this.#owned.push(buffer);
    return buffer;
  }

  has(name: string): boolean {
    return (this.problem.inputs as Problem["inputs"])[name] !== undefined;
  }

  /** What a kernel binds where a problem has no such tensor and the text still names it. */
  get absent(): GPUBuffer {
    return this.#absent;
  }

  /** An input's values for one window. Undefined when the problem has none. */
  async input(name: string, window: Window): Promise<GPUBuffer | undefined> {
    const source = (this.problem.inputs as Problem["inputs"])[name];
    if (!source) return undefined;
    const { row0, rows, width } = sliceOf(source.axes, source.shape, window);
    return this.part(name, row0 * width, rows * width);
  }

  /** Elements `[first, first + count)` of an input in C order; made on the device when they are a random function. */
  async part(name: string, first: number, count: number): Promise<GPUBuffer> {
    const source = (this.problem.inputs as Problem["inputs"])[name];
    if (!source) throw new Error(`${this.operator.name}: this problem has no ${name}`);
    const dtype = inputDtype(this.operator, this.problem as Problem, name) as Dtype;
    const key = `in ${name} ${first} ${count}`;
    const known = this.#pieces.get(key);
    if (known) return known.buffer;
    const bytes = count * (dtype === "f16" ? 2 : 4);
    this.#assertFits(name, bytes);
    const buffer = this.#own(bytes);
    this.#pieces.set(key, { buffer, dtype, base: first, count });
    if (source.kind === "random") await this.#fillRandom(source, dtype, buffer, first, count);
    else this.#upload(source, dtype, buffer, first, count);
    return buffer;
  }

  async #fillRandom(
    source: TensorSource & { kind: "random" },
    dtype: Dtype,
    buffer: GPUBuffer,
    first: number,
    count: number,
  ): Promise<void> {
    const { k0, k1 } = streamKeys(source.seed, source.distribution === "logDecay" ? "dt" : source.name);
    const kind = kinds.indexOf(source.distribution);
    if (kind < 0) throw new Error(`random.wgsl has no distribution ${source.distribution}`);
    const { cols } = matrixShape(source);
    const last = source.shape[source.shape.length - 1] ?? 1;
    const size = this.uniform([
      count,
      Math.floor(first / cols),
      first % cols,
      cols,
      k0,
      k1,
      last,
      kind,
      GRID_BITS[dtype],
    ]);
    const kernel = await this.#make(
      { url: asset("./random.wgsl"), dtype },
      { 0: size, 1: buffer },
      strided(count),
    );
    await this.#once([kernel]);
  }

  #upload(
    source: TensorSource & { kind: "given" },
    dtype: Dtype,
    buffer: GPUBuffer,
    base: number,
    count: number,
  ): void {
    const { data } = source;
    let bytes: Uint8Array;
    if (dtype === "f16") {
      const halves = new Uint16Array(Math.ceil(count / 2) * 2);
      for (let i = 0; i < count; i++) halves[i] = halfBits(data[base + i] ?? 0);
      bytes = new Uint8Array(halves.buffer);
    } else bytes = new Uint8Array(Float32Array.from(data.subarray(base, base + count)).buffer);
    this.gpu.device.queue.writeBuffer(buffer, 0, bytes as Uint8Array<ArrayBuffer>);
  }

  output(name: OutputName<Op>, window: Window): GPUBuffer {
    const axes = this.operator.outputs[name] as readonly string[];
    const { row0, rows, width } = sliceOf(axes, shapeOf(axes, this.problem.dims), window);
    const key = `out ${name} ${row0}`;
    const known = this.#pieces.get(key);
    if (known) return known.buffer;
    const dtype = this.#outputDtype(name);
    const bytes = rows * width * (dtype === "f16" ? 2 : 4);
    this.#assertFits(name, bytes);
    const buffer = this.#own(bytes);
    this.#pieces.set(key, { buffer, dtype, base: row0 * width, count: rows * width });
    return buffer;
  }

  scratch(what: string, bytes: number): GPUBuffer {
    this.#assertFits(what, bytes);
    return this.#own(bytes);
  }

  /** A table that a kernel needs beside the problem's tensors. */
  upload(data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer {
    this.#assertFits("a table", data.byteLength);
    const buffer = this.#own(data.byteLength);
    this.gpu.device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  #assertFits(what: string, bytes: number): void {
    if (bytes > this.gpu.maxBindingBytes)
      throw new Error(
        `${what} needs ${bytes} bytes in one binding, this adapter offers ${this.gpu.maxBindingBytes}`,
      );
  }

  /** Sizes for a kernel; whole numbers are stored as u32, `float(x)` as f32. */
  uniform(values: readonly number[]): GPUBuffer {
    const data = new Uint32Array(Math.ceil(values.length / 4) * 4);
    data.set(values);
    const buffer = this.#own(data.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    this.gpu.device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  async #make(
    source: KernelSource,
    buffers: Readonly<Record<number, GPUBuffer | undefined>>,
    groups: readonly [number, number, number],
  ): Promise<Kernel> {
    return this.gpu.bind(await this.gpu.pipeline(source), buffers, groups);
  }

  /** Adds a dispatch to what `run` does, in order. */
  async kernel(
    source: Omit<KernelSource, "dtype"> & { dtype?: Dtype },
    buffers: Readonly<Record<number, GPUBuffer | undefined>>,
    groups: readonly [number, number, number],
  ): Promise<void> {
    const flags = this.gpu.isSoftware ? [...(source.flags ?? []), "rolled"] : (source.flags ?? []);
    this.#kernels.push(await this.#make({ dtype: this.dtype, ...source, flags }, buffers, groups));
  }

  async #once(kernels: readonly Kernel[]): Promise<void> {
    const encoder = this.gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, groups } of kernels) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...groups);
    }
    pass.end();
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Everything that `run` needs exists; what follows allocates nothing. */
  async prepared(): Promise<Prepared<Op, ComputeLane>> {
    const outputs = [...this.#pieces]
      .filter(([key]) => key.startsWith("out "))
      .map(([key, piece]) => ({ name: key.split(" ")[1] as OutputName<Op>, piece }));
    const poison: Kernel[] = [];
    for (const { piece } of outputs) {
      const words = Math.ceil((piece.count * (piece.dtype === "f16" ? 2 : 4)) / 4);
      const size = this.uniform([words, piece.dtype === "f16" ? 0x7e007e00 : 0x7fc00000]);
      poison.push(
        await this.#make(
          { url: asset("./fill.wgsl"), dtype: "f32" },
          { 0: size, 1: piece.buffer },
          strided(words),
        ),
      );
    }
    await this.gpu.device.queue.onSubmittedWorkDone();
    this.gpu.assertAlive();
    return {
      run: (lane) => {
        for (const kernel of this.#kernels) lane.dispatch(kernel);
      },
      poison: () => this.#once(poison),
      read: () => this.gpu.checked("read", () => this.#read(outputs)),
      inspect: (lanes) => this.gpu.checked("inspect", () => this.#inspect(outputs, lanes)),
      bytes: this.#owned.reduce((sum, buffer) => sum + buffer.size, 0),
      dispose: () => this.dispose(),
    };
  }

  dispose(): void {
    for (const buffer of this.#owned) this.gpu.free(buffer);
    this.#owned.length = 0;
  }

  async #read(outputs: readonly { name: OutputName<Op>; piece: Piece }[]): Promise<Outputs<Op>> {
    const whole: Record<string, Float32Array> = {};
    for (const name of this.#outputNames())
      whole[name] = new Float32Array(
        shapeOf(this.operator.outputs[name], this.problem.dims).reduce((a, b) => a * b, 1),
      );
    for (const { name, piece } of outputs) {
      const bytes = await this.gpu.download(piece.buffer);
      if (piece.dtype === "f32") whole[name]!.set(new Float32Array(bytes, 0, piece.count), piece.base);
      else whole[name]!.set(Float32Array.from(new Uint16Array(bytes, 0, piece.count), halfValue), piece.base);
    }
    return whole as Outputs<Op>;
  }

  async #inspect(
    outputs: readonly { name: OutputName<Op>; piece: Piece }[],
    lanes: readonly Lane[],
  ): Promise<Inspection<OutputName<Op>>> {
    const values = lanes.map(() => ({}) as Record<OutputName<Op>, Float64Array>);
    let nonFinite: Inspection<OutputName<Op>>["nonFinite"];
    const hashes: string[] = [];
    for (const { name, piece } of outputs) {
      const found = await this.#survey(piece);
      hashes.push((found[2] ?? 0).toString(16).padStart(8, "0"));
      if (found[0] && nonFinite?.output === name)
        nonFinite = { ...nonFinite, total: nonFinite.total + found[0] };
      else if (found[0] && !nonFinite)
        nonFinite = { output: name, index: piece.base + (found[1] ?? 0), value: Number.NaN, total: found[0] };
      await this.#gather(name, piece, lanes, values);
    }
    return { lanes: values, nonFinite, fingerprint: hashes.join("") };
  }

  async #survey(piece: Piece): Promise<Uint32Array> {
    const found = this.gpu.buffer(16, storage(), new Uint32Array([0, 0xffffffff, 0, 0]));
    const size = this.gpu.buffer(
      16,
      GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      new Uint32Array([piece.count, 0, 0, 0]),
    );
    try {
      const flags = piece.dtype === "f16" ? ["f16"] : [];
      const kernel = await this.#make(
        { url: asset("./survey.wgsl"), dtype: "f32", flags },
        { 0: size, 1: piece.buffer, 2: found },
        strided(piece.count),
      );
      await this.#once([kernel]);
      return new Uint32Array(await this.gpu.download(found));
    } finally {
      this.gpu.free(found);
      this.gpu.free(size);
    }
  }

  async #gather(
    name: OutputName<Op>,
    piece: Piece,
    lanes: readonly Lane[],
    values: Record<string, Float64Array>[],
  ): Promise<void> {
    const jobs: number[] = [];
    const targets: { lane: number; first: number; count: number; out: number }[] = [];
    let total = 0;
    lanes.forEach((lane, l) => {
      const view = laneView(this.operator, this.problem as Problem, name, lane);
      values[l]![name] ??= new Float64Array(view.count);
      // the elements of this lane that lie in this piece: pieces are whole rows, a projection's terms stay inside one row
      const first = Math.max(0, Math.ceil((piece.base - view.offset) / view.stride));
      const last = Math.min(view.count, Math.ceil((piece.base + piece.count - view.offset) / view.stride));
      if (last <= first) return;
      targets.push({ lane: l, first, count: last - first, out: total });
      jobs.push(
        view.offset + first * view.stride - piece.base,
        view.stride,
        last - first,
        view.terms,
        view.termStride,
        view.projected ? 1 : 0,
        total,
        projectionKeys.k0,
        projectionKeys.k1,
        0,
      );
      total += last - first;
    });
    if (targets.length === 0) return;
    const jobBuffer = this.gpu.buffer(jobs.length * 4, storage(), Uint32Array.from(jobs));
    const out = this.gpu.buffer(total * 8, storage());
    try {
      const longest = Math.max(...targets.map((target) => target.count));
      const kernel = await this.#make(
        { url: asset("./gather.wgsl"), dtype: piece.dtype },
        { 0: jobBuffer, 1: piece.buffer, 2: out },
        [Math.min(1024, Math.ceil(longest / 64)), targets.length, 1],
      );
      await this.#once([kernel]);
      const got = new Float32Array(await this.gpu.download(out));
      for (const { lane, first, count, out: at } of targets)
        for (let i = 0; i < count; i++)
          values[lane]![name]![first + i] = (got[2 * (at + i)] ?? 0) + (got[2 * (at + i) + 1] ?? 0);
    } finally {
      this.gpu.free(jobBuffer);
      this.gpu.free(out);
    }
  }
}

/** Grid of a kernel whose threads stride over `count` elements. */
export function strided(count: number): [number, number, number] {
  return [Math.max(1, Math.min(65535, Math.ceil(count / 256))), 1, 1];
}

/** The bits of an f32, to put it among a uniform's u32 words. */
export function float(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}
