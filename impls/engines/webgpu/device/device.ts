import {
  type AdapterOptions,
  MATRIX_FEATURE,
  type MatrixShape,
  matrixShapesOf,
  type OpenedAdapter,
  openAdapter,
} from "./adapter.js";
import { type Binding, bindingsOf } from "./bindings.js";
import { DriverErrors } from "./errors.js";
import { type AnySource, kernelText } from "./source.js";

export interface OpenOptions extends AdapterOptions {
  /** Pretend that bindings hold no more than this, so that splitting can be tested with small tensors. */
  readonly maxBindingBytes?: number | undefined;
}

/** A compiled kernel, and the bindings that its text declares and uses. */
export interface Program {
  /** Of its file. */
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: readonly Binding[];
}

/** A pipeline with its buffers bound and its grid fixed: all that a dispatch needs. */
export interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** Workgroups along x, y and z. */
  readonly grid: readonly [number, number, number];
}

/** One adapter, one device, its pipelines; every error that the driver reports becomes an Error with Dawn's own message. */
export class GpuDevice extends DriverErrors {
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #buffers = new Set<GPUBuffer>();
  readonly adapter: GPUAdapter;
  readonly name: string;
  readonly isSoftware: boolean;
  readonly checksBounds: boolean;
  /** The adapter's matrix shapes with f16 factors and f32 sums, largest first. */
  readonly matrixShapes: readonly MatrixShape[];
  liveBytes = 0;
  peakBytes = 0;

  private constructor(
    opened: OpenedAdapter,
    readonly maxBindingBytes: number,
  ) {
    super(opened.device);
    this.adapter = opened.adapter;
    this.name = opened.name;
    this.isSoftware = opened.isSoftware;
    this.checksBounds = opened.checksBounds;
    this.matrixShapes = this.has(MATRIX_FEATURE) ? matrixShapesOf(this.adapter) : [];
  }

  /** @throws one sentence with what to install where this machine has no adapter */
  static async open(options: OpenOptions = {}): Promise<GpuDevice> {
    return GpuDevice.on(await openAdapter(options), options);
  }

  /** On an adapter and a device that are open already. */
  static on(
    opened: OpenedAdapter,
    { maxBindingBytes }: Pick<OpenOptions, "maxBindingBytes"> = {},
  ): GpuDevice {
    const { maxStorageBufferBindingSize, maxBufferSize } = opened.device.limits;
    const offered = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    return new GpuDevice(opened, Math.min(maxBindingBytes ?? offered, offered));
  }

  has(feature: string): boolean {
    return this.device.features.has(feature as GPUFeatureName);
  }

  /** Lanes of a subgroup where the adapter has one size only. */
  get subgroupSize(): number | undefined {
    const { subgroupMinSize, subgroupMaxSize } = this.adapter.info as {
      subgroupMinSize?: number;
      subgroupMaxSize?: number;
    };
    return this.has("subgroups") && subgroupMinSize === subgroupMaxSize ? subgroupMaxSize : undefined;
  }

  /**
   * A buffer of at least 16 bytes; `data` is written at once. A device that has no such memory says so at the next `settle`.
   * @throws with the sizes when no buffer of this adapter may be as large
   */
  buffer(bytes: number, usage: number, data?: ArrayBufferView, what = "a buffer"): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    if (size > this.device.limits.maxBufferSize)
      throw new Error(
        `${what} of ${size} bytes exceeds this adapter's largest buffer, ${this.device.limits.maxBufferSize}`,
      );
    const buffer = this.scoped(`${what} of ${size} bytes`, () =>
      this.device.createBuffer({ size, usage, label: what }),
    );
    this.#buffers.add(buffer);
    this.liveBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    if (data) this.device.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    return buffer;
  }

  free(buffer: GPUBuffer): void {
    if (!this.#buffers.delete(buffer)) return;
    this.liveBytes -= buffer.size;
    buffer.destroy();
  }

  /** Compiles once a process and device; the key is the text itself. */
  async program(source: AnySource): Promise<Program> {
    const text = await kernelText(source);
    const key = `${source.entryPoint ?? ""}\n${text}`;
    let made = this.#programs.get(key);
    if (!made) {
      made = this.#compile(text, source);
      this.#programs.set(key, made);
      made.catch(() => this.#programs.delete(key));
    }
    return made;
  }

  async #compile(code: string, source: AnySource): Promise<Program> {
    const { entryPoint } = source;
    const name = ("url" in source ? source.url.pathname : source.file).split(/[\\/]/).pop() || "kernel";
    const pipeline = await this.checked(name, async () => {
      const module = this.device.createShaderModule({ code, label: name });
      const messages = (await module.getCompilationInfo()).messages.filter(
        (message) => message.type === "error",
      );
      if (messages.length > 0)
        throw new Error(
          `${name}: ${messages.map((m) => `line ${m.lineNum}: ${m.message}: ${code.split("\n")[m.lineNum - 1]}`).join("; ")}`,
        );
      return this.device.createComputePipelineAsync({
        label: name,
        layout: "auto",
        compute: { module, ...(entryPoint ? { entryPoint } : {}) },
      });
    });
    return { name, pipeline, bindings: bindingsOf(code, entryPoint) };
  }

  bind({ name, pipeline }: Program, entries: readonly GPUBindGroupEntry[], grid: Kernel["grid"]): Kernel {
    const most = this.device.limits.maxComputeWorkgroupsPerDimension;
    if (grid.some((count) => count > most))
      throw new Error(`a grid of ${grid.join(" x ")} workgroups exceeds ${most} a dimension`);
    const layout = pipeline.getBindGroupLayout(0);
    const bindGroup = this.scoped(name, () => this.device.createBindGroup({ layout, entries: [...entries] }));
    return { pipeline, bindGroup, grid };
  }

  /** Bytes `[offset, offset + bytes)` of a buffer on the host. */
  async download(buffer: GPUBuffer, bytes = buffer.size, offset = 0): Promise<ArrayBuffer> {
    const out = new Uint8Array(bytes);
    const piece = Math.min(Math.ceil(bytes / 4) * 4, 64 * 2 ** 20);
    const staging = this.buffer(piece, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
    try {
      for (let at = 0; at < bytes; at += piece) {
        const size = Math.min(piece, Math.ceil((bytes - at) / 4) * 4);
        const encoder = this.device.createCommandEncoder();
        encoder.copyBufferToBuffer(buffer, offset + at, staging, 0, size);
        this.device.queue.submit([encoder.finish()]);
        await staging.mapAsync(GPUMapMode.READ, 0, size);
        out.set(new Uint8Array(staging.getMappedRange(0, size)).subarray(0, Math.min(size, bytes - at)), at);
        staging.unmap();
      }
    } catch (error) {
      this.assertAlive();
      throw error;
    } finally {
      this.free(staging);
    }
    return out.buffer;
  }

  override destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.clear();
    super.destroy();
  }
}
