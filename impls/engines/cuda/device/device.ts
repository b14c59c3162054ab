import { createHash } from "node:crypto";
import { basename } from "node:path";
import { compiledAnew, cubinOf } from "../host/cubins.js";
import type { DriverCalls, Handle, Out } from "../host/driver.js";
import type { Compiler } from "../host/nvrtc.js";
import { Checked } from "./errors.js";
import { compileOptions, type KernelSource, pathsOf, programText } from "./program.js";

/** A function of a module that is ready to launch. */
export interface KernelFunction {
  readonly name: string;
  readonly handle: Handle;
  /** Hash of what it was compiled from. */
  readonly hash: string;
  readonly registers: number;
  readonly localBytes: number;
}

/** Numbers of CUdevice_attribute. */
const ATTRIBUTES = {
  clockKhz: 13,
  multiprocessors: 16,
  l2Bytes: 38,
  major: 75,
  minor: 76,
  multiprocessorBytes: 81,
  cooperative: 95,
  sharedBytes: 97,
} as const;

/** Numbers of CUfunction_attribute. */
const MAX_DYNAMIC_SHARED = 8;
const LOCAL_BYTES = 3;
const REGISTERS = 4;

export interface DeviceFacts {
  readonly ordinal: number;
  readonly name: string;
  /** As nvidia-smi prints it. */
  readonly uuid: string;
  readonly bytes: number;
  readonly attributes: Readonly<Record<keyof typeof ATTRIBUTES, number>>;
}

/** Memory that must stay free for the driver's own needs. */
const HEADROOM_BYTES = 256 * 2 ** 20;

/** One card and its primary context, with the kernels that were loaded into it and the memory that was taken. */
export class CudaDevice extends Checked {
  readonly facts: DeviceFacts;
  readonly driverVersion: string;
  readonly stream: Handle;
  liveBytes = 0;
  peakBytes = 0;
  readonly #device: number;
  readonly #sizes = new Map<Handle, number>();
  readonly #modules = new Map<string, { module: Handle; hash: string }>();
  readonly #functions = new Map<string, KernelFunction>();

  /** @throws CudaError, or one sentence where there is no such card */
  constructor(
    calls: DriverCalls,
    readonly compiler: Compiler,
    ordinal = 0,
    readonly cache?: string,
  ) {
    super(calls);
    const count = this.#int((out) => calls.cuDeviceGetCount(out), "cuDeviceGetCount");
    const cards = Array.from({ length: count }, (_, i) => this.#describe(i));
    if (ordinal >= count) {
      const listed = cards.map(({ name, uuid }) => `${name} ${uuid}`).join(", ") || "none";
      throw new Error(`no CUDA device ${ordinal}: the driver lists ${listed}`);
    }
    this.#device = this.#int((out) => calls.cuDeviceGet(out, ordinal), "cuDeviceGet");
    this.facts = cards[ordinal];
    const version = this.#int((out) => calls.cuDriverGetVersion(out), "cuDriverGetVersion");
    this.driverVersion = `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
    const context = this.handle("cuDevicePrimaryCtxRetain", (out) =>
      calls.cuDevicePrimaryCtxRetain(out, this.#device),
    );
    this.check("cuCtxSetCurrent", calls.cuCtxSetCurrent(context));
    this.stream = this.handle("cuStreamCreate", (out) => calls.cuStreamCreate(out, 1));
  }

  /** Compute capability as one number, e.g. 90. */
  get capability(): number {
    return 10 * this.facts.attributes.major + this.facts.attributes.minor;
  }

  #int(call: (out: Int32Array) => number, what: string): number {
    const out = new Int32Array(1);
    this.check(what, call(out));
    return out[0];
  }

  handle(what: string, call: (out: Out) => number): Handle {
    const out: Out = new BigUint64Array(1);
    this.check(what, call(out));
    return out[0];
  }

  #describe(ordinal: number): DeviceFacts {
    const { calls } = this;
    const device = this.#int((out) => calls.cuDeviceGet(out, ordinal), "cuDeviceGet");
    const [name, id] = [new Uint8Array(128), new Uint8Array(16)];
    this.check("cuDeviceGetName", calls.cuDeviceGetName(name, name.length, device));
    this.check("cuDeviceGetUuid", calls.cuDeviceGetUuid_v2(id, device));
    const hex = Buffer.from(id).toString("hex");
    const attributes = Object.fromEntries(
      Object.entries(ATTRIBUTES).map(([key, number]) => [
        key,
        this.#int((out) => calls.cuDeviceGetAttribute(out, number, device), "cuDeviceGetAttribute"),
      ]),
    ) as DeviceFacts["attributes"];
    return {
      ordinal,
      name: new TextDecoder().decode(name).replace(/\0.*$/s, ""),
      uuid: `GPU-${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`,
      bytes: Number(this.handle("cuDeviceTotalMem", (out) => calls.cuDeviceTotalMem_v2(out, device))),
      attributes,
    };
  }

  /** Memory of the card that nobody holds. */
  freeBytes(): number {
    const [free, total]: Out[] = [new BigUint64Array(1), new BigUint64Array(1)];
    this.check("cuMemGetInfo", this.calls.cuMemGetInfo_v2(free, total));
    return Number(free[0]);
  }

  /** @throws with both figures before the driver is asked where the card has not as much */
  allocate(what: string, bytes: number): Handle {
    const size = Math.max(256, Math.ceil(bytes / 256) * 256);
    const free = this.freeBytes();
    if (size + HEADROOM_BYTES > free)
      throw new Error(`${what} needs ${size} bytes, this card has ${free} free (out of memory)`);
    const address = this.handle(`${what} of ${size} bytes`, (out) => this.calls.cuMemAlloc_v2(out, size));
    this.#sizes.set(address, size);
    this.liveBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return address;
  }

  free(address: Handle): void {
    const size = this.#sizes.get(address);
    if (size === undefined) return;
    this.#sizes.delete(address);
    this.liveBytes -= size;
    // a lost context has lost its memory too
    if (!this.isLost) this.check("cuMemFree", this.calls.cuMemFree_v2(address));
  }

  upload(to: Handle, from: Uint8Array): void {
    this.check("upload", this.calls.cuMemcpyHtoD_v2(to, from, from.byteLength));
  }

  /** What the device has finished up to now: the caller's kernels are waited for. */
  download(from: Handle, bytes: number, what = "download"): Uint8Array<ArrayBuffer> {
    const to = new Uint8Array(bytes);
    this.wait(what);
    this.check(what, this.calls.cuMemcpyDtoH_v2(to, from, bytes));
    return to;
  }

  /** @param what names the kernels that may be behind an error */
  wait(what: string): void {
    this.check(what, this.calls.cuStreamSynchronize(this.stream));
  }

  /** Architecture that kernels are compiled for: `a` opens instructions that only this one has. */
  architecture(plain: boolean): string {
    return !plain && this.capability === 90 ? "sm_90a" : `sm_${this.capability}`;
  }

  /** Compiles once a user, loads once a process. */
  kernel(source: KernelSource): KernelFunction {
    const { text, name, options, architecture } = this.#program(source);
    const key = createHash("sha256")
      .update([architecture, ...options, text].join("\0"))
      .digest("hex");
    let loaded = this.#modules.get(key);
    if (!loaded) {
      const program = { name, source: text, options, architecture };
      const { image, hash } = source.foreign
        ? compiledAnew(this.compiler, program)
        : cubinOf(this.compiler, program, this.cache);
      const module = this.handle(`${name}: cuModuleLoadData`, (out) =>
        this.calls.cuModuleLoadData(out, image),
      );
      loaded = { module, hash };
      this.#modules.set(key, loaded);
    }
    const full = `${key} ${source.entry}`;
    let found = this.#functions.get(full);
    if (!found) {
      found = this.#function(loaded, source.entry);
      this.#functions.set(full, found);
    }
    return found;
  }

  #program(source: KernelSource) {
    const { defines = {}, plain = false, flags = [] } = source;
    const paths = pathsOf(source);
    return {
      text: programText(paths),
      name: basename(paths[paths.length - 1]),
      options: [...compileOptions(defines), ...flags],
      architecture: this.architecture(plain),
    };
  }

  #function({ module, hash }: { module: Handle; hash: string }, entry: string): KernelFunction {
    const { calls } = this;
    const handle = this.handle(`${entry}: cuModuleGetFunction`, (out) =>
      calls.cuModuleGetFunction(out, module, entry),
    );
    const attribute = (number: number) =>
      this.#int((out) => calls.cuFuncGetAttribute(out, number, handle), entry);
    return { name: entry, handle, hash, registers: attribute(REGISTERS), localBytes: attribute(LOCAL_BYTES) };
  }

  /** Workgroups of a kernel that live on the card at a time. Opens as much shared memory to it as it wants. */
  resident(kernel: KernelFunction, threads: number, sharedBytes: number): number {
    const { calls } = this;
    this.check(
      `${kernel.name} with ${sharedBytes} bytes of shared memory`,
      calls.cuFuncSetAttribute(kernel.handle, MAX_DYNAMIC_SHARED, sharedBytes),
    );
    const blocks = this.#int(
      (out) => calls.cuOccupancyMaxActiveBlocksPerMultiprocessor(out, kernel.handle, threads, sharedBytes),
      kernel.name,
    );
    return blocks * this.facts.attributes.multiprocessors;
  }

  close(): void {
    if (this.isLost) return;
    for (const { module } of this.#modules.values()) this.calls.cuModuleUnload(module);
    for (const address of this.#sizes.keys()) this.calls.cuMemFree_v2(address);
    this.calls.cuStreamDestroy_v2(this.stream);
    this.calls.cuDevicePrimaryCtxRelease_v2(this.#device);
  }
}
