import { loadText } from "./assets.js";
import { type GpuOptions, inBrowser, openGpu } from "./gpu.js";
import { chooseWgsl, unrollWgsl, wgslHeader } from "./wgsl.js";

export type Dtype = "f32" | "f16";

/** One shape of hardware matrix product that an adapter offers. */
export interface MatrixShape {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

export interface OpenOptions extends GpuOptions {
  /** Adapters that compute on the CPU are slow: used in tests, and when somebody asks for them by name. */
  readonly software?: boolean;
  /** Pretend that bindings hold no more than this, so that splitting can be tested with small tensors. */
  readonly maxBindingBytes?: number | undefined;
}

export interface KernelSource {
  readonly url: URL;
  readonly dtype: Dtype;
  readonly flags?: readonly string[];
  /** Tile sizes, written as `const NAME` in front of the text: unlike overrides they may size arrays in registers. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Names of types, written as `alias NAME`. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly subgroups?: boolean;
  readonly matrix?: boolean;
  readonly entryPoint?: string;
}

/** A pipeline with its buffers bound and its grid fixed: all that a dispatch needs. */
export interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly groups: readonly [number, number, number];
}

const wantedFeatures = [
  "timestamp-query",
  "shader-f16",
  "subgroups",
  "chromium-experimental-subgroup-matrix",
  "subgroup-size-control",
] as const;

/** One adapter, one device, its pipelines; every error that the driver reports becomes an Error with Dawn's own message. */
export class GpuDevice {
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #buffers = new Set<GPUBuffer>();
  #lost: string | undefined;
  liveBytes = 0;
  peakBytes = 0;

  private constructor(
    readonly gpu: GPU,
    readonly adapter: GPUAdapter,
    readonly device: GPUDevice,
    readonly name: string,
    readonly isSoftware: boolean,
    readonly maxBindingBytes: number,
  ) {
    void device.lost.then((why) => {
      if (why.reason !== "destroyed") this.#lost = `the GPU device was lost: ${why.message}`;
    });
  }

  static async open(options: OpenOptions = {}): Promise<GpuDevice> {
    const gpu = await openGpu({
      backend: options.backend,
      adapter: options.adapter,
      robust: options.robust,
      fresh: options.fresh,
    });
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter)
      throw new Error(
        inBrowser()
          ? "this browser offers no WebGPU adapter: update the graphics driver, or start it with --enable-unsafe-webgpu"
          : "no WebGPU adapter: install a Vulkan driver and loader (Debian: libvulkan1 mesa-vulkan-drivers; NVIDIA: its driver), or ask for the software one with --engine webgpu after npm install @sparticuz/chromium",
      );
    const info = adapter.info;
    const isSoftware =
      info.isFallbackAdapter ||
      /swiftshader|llvmpipe|lavapipe|software/i.test(
        `${info.architecture} ${info.device} ${info.description}`,
      );
    if (isSoftware && !options.software)
      throw new Error(
        `the only WebGPU adapter here (${info.description}) computes on the CPU: name it with --engine webgpu to use it all the same`,
      );
    const features = wantedFeatures.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
    const device = await adapter.requestDevice({
      requiredFeatures: features,
      requiredLimits: raisedLimits(adapter.limits),
    });
    const name = slug(info.device || info.description || info.vendor || "unknown");
    const offered = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    return new GpuDevice(
      gpu,
      adapter,
      device,
      name,
      isSoftware,
      Math.min(options.maxBindingBytes ?? offered, offered),
    );
  }

  has(feature: string): boolean {
    return this.device.features.has(feature as GPUFeatureName);
  }

  /** The adapter's matrix shapes with f16 factors and f32 sums, largest first. */
  get matrixShapes(): readonly MatrixShape[] {
    if (!this.has("chromium-experimental-subgroup-matrix")) return [];
    const all =
      (this.adapter.info as { subgroupMatrixConfigs?: readonly MatrixShape[] }).subgroupMatrixConfigs ?? [];
    return [...all]
      .filter((shape) => shape.componentType === "f16" && shape.resultComponentType === "f32")
      .sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
  }

  /** Lanes of a subgroup where the adapter has one size only. */
  get subgroupSize(): number | undefined {
    const { subgroupMinSize, subgroupMaxSize } = this.adapter.info as {
      subgroupMinSize?: number;
      subgroupMaxSize?: number;
    };
    return this.has("subgroups") && subgroupMinSize === subgroupMaxSize ? subgroupMaxSize : undefined;
  }

  /** Throws what the driver said, if it has given up. */
  assertAlive(): void {
    if (this.#lost) throw new Error(this.#lost);
  }

  /** Runs `work` and turns validation, memory and internal errors of the device into one Error. */
  async checked<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    this.assertAlive();
    const kinds: GPUErrorFilter[] = ["validation", "out-of-memory", "internal"];
    for (const kind of kinds) this.device.pushErrorScope(kind);
    let value: T | undefined;
    let thrown: unknown;
    try {
      value = await work();
    } catch (error) {
      thrown = error;
    }
    const found = await Promise.all(kinds.map(() => this.device.popErrorScope().catch(() => null)));
    this.assertAlive();
    const error = found.find((entry) => entry !== null);
    if (error) throw new Error(`${what}: ${error.message.trim()}`);
    if (thrown) throw thrown;
    return value as T;
  }

  /** A buffer of at least 16 bytes; `data` is written at once. Throws with the sizes when the device has no such memory. */
  buffer(bytes: number, usage: number, data?: ArrayBufferView): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    if (size > this.device.limits.maxBufferSize)
      throw new Error(`a buffer of ${size} bytes exceeds this adapter's ${this.device.limits.maxBufferSize}`);
    const buffer = this.device.createBuffer({ size, usage });
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
  async pipeline(source: KernelSource): Promise<GPUComputePipeline> {
    const text =
      wgslHeader(source) +
      unrollWgsl(
        chooseWgsl(await loadText(source.url), new Set([...(source.flags ?? []), source.dtype])),
        source.constants ?? {},
        source.flags?.includes("rolled") ?? false,
      );
    const key = `${source.entryPoint ?? ""}\n${text}`;
    let made = this.#pipelines.get(key);
    if (!made) {
      made = this.#compile(text, source);
      this.#pipelines.set(key, made);
      made.catch(() => this.#pipelines.delete(key));
    }
    return made;
  }

  async #compile(code: string, source: KernelSource): Promise<GPUComputePipeline> {
    const label = source.url.pathname.split("/").pop() ?? "kernel";
    return this.checked(label, async () => {
      const module = this.device.createShaderModule({ code, label });
      const messages = (await module.getCompilationInfo()).messages.filter(
        (message) => message.type === "error",
      );
      if (messages.length > 0)
        throw new Error(
          `${label}: ${messages.map((m) => `line ${m.lineNum}: ${m.message}: ${code.split("\n")[m.lineNum - 1]}`).join("; ")}`,
        );
      return this.device.createComputePipelineAsync({
        label,
        layout: "auto",
        compute: { module, ...(source.entryPoint ? { entryPoint: source.entryPoint } : {}) },
      });
    });
  }

  /** Binds buffers in order of their @binding numbers; an absent one is left out (its `//#if` is off). */
  bind(
    pipeline: GPUComputePipeline,
    buffers: Readonly<Record<number, GPUBuffer | undefined>>,
    groups: readonly [number, number, number],
  ): Kernel {
    const most = this.device.limits.maxComputeWorkgroupsPerDimension;
    if (groups.some((count) => count > most))
      throw new Error(`a grid of ${groups.join(" x ")} workgroups exceeds ${most} a dimension`);
    const entries = Object.entries(buffers).flatMap(([binding, buffer]) =>
      buffer ? [{ binding: Number(binding), resource: { buffer } }] : [],
    );
    return {
      pipeline,
      bindGroup: this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
      groups,
    };
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

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.clear();
    this.device.destroy();
  }
}

/** Every limit at what the adapter offers: Dawn's defaults are far below what a large GPU has. */
function raisedLimits(limits: GPUSupportedLimits): Record<string, number> {
  const raised: Record<string, number> = {};
  for (const name of [
    "maxBufferSize",
    "maxStorageBufferBindingSize",
    "maxStorageBuffersPerShaderStage",
    "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup",
    "maxComputeWorkgroupSizeX",
    "maxComputeWorkgroupSizeY",
    "maxComputeWorkgroupsPerDimension",
  ] as const)
    raised[name] = limits[name];
  return raised;
}

/** Values of case ids match [a-z0-9._-]+. */
export function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "unknown"
  );
}
