/**
 * A driver and a compiler that need no card. Device memory is host memory, streams run at once, the engine's own small kernels are done
 * in TypeScript from the same parameter bytes; of all other kernels only the launch is kept. Every call is recorded.
 */
import { createHash } from "node:crypto";
import type { DriverCalls, Handle, LaunchConfig, Out } from "../../../../impls/engines/cuda/host/driver.js";
import type { Compiler } from "../../../../impls/engines/cuda/host/nvrtc.js";
import { FakeKernels } from "./fake-kernels.js";

export interface FakeCard {
  readonly name: string;
  readonly capability: number;
  readonly bytes: number;
}

export const H100: FakeCard = { name: "NVIDIA H100 80GB HBM3", capability: 90, bytes: 80 * 2 ** 30 };
export const A100: FakeCard = { name: "NVIDIA A100-SXM4-80GB", capability: 80, bytes: 80 * 2 ** 30 };
export const V100: FakeCard = { name: "Tesla V100-SXM2-16GB", capability: 70, bytes: 16 * 2 ** 30 };

export interface Launched {
  readonly name: string;
  readonly config: LaunchConfig;
  readonly parameters: readonly Uint8Array[];
}

/** Of CUdevice_attribute, the numbers that the engine asks for. */
const ATTRIBUTES: Readonly<Record<number, (card: FakeCard) => number>> = {
  13: () => 1_980_000,
  16: () => 132,
  38: () => 2 ** 20,
  75: ({ capability }) => Math.floor(capability / 10),
  76: ({ capability }) => capability % 10,
  81: () => 233_472,
  95: () => 1,
  97: ({ capability }) => (capability >= 90 ? 232_448 : 166_912),
};

export class FakeDriver {
  readonly cards: readonly FakeCard[];
  readonly recorded: string[] = [];
  readonly launched: Launched[] = [];
  readonly memory = new Map<Handle, Uint8Array>();
  /** Answers of calls by name from now on; a kernel's name stands for the first wait after its launch. */
  readonly failing = new Map<string, number>();
  /** Nanoseconds that each launch adds to the device's clock. */
  launchNs = 20_000;
  #next = 0x1000_0000n;
  #deviceNs = 0;
  #pending: string | undefined;
  #capture: Launched[] | undefined;
  readonly #names = new Map<Handle, string>();
  readonly #graphs = new Map<Handle, readonly Launched[]>();
  readonly #events = new Map<Handle, number>();
  readonly #kernels = new FakeKernels(this.memory);

  constructor(cards: readonly FakeCard[] = [H100]) {
    this.cards = cards;
  }

  /** The functions as libcuda has them: each is recorded, and fails where it was told to. */
  get calls(): DriverCalls {
    const table = this.#table() as unknown as Record<string, (...args: never[]) => number>;
    return Object.fromEntries(
      Object.entries(table).map(([name, call]) => [
        name,
        (...args: never[]) => {
          this.recorded.push(name);
          return this.failing.get(name) ?? call(...args);
        },
      ]),
    ) as unknown as DriverCalls;
  }

  get liveBytes(): number {
    return [...this.memory.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  }

  #handle(out: Out): number {
    this.#next += 0x1000n;
    out[0] = this.#next;
    return 0;
  }

  /** What a wait finds out of the kernels before it. */
  #settle(): number {
    const code = this.#pending === undefined ? 0 : (this.failing.get(this.#pending) ?? 0);
    this.#pending = undefined;
    return code;
  }

  #run(one: Launched): void {
    this.launched.push(one);
    this.#deviceNs += this.launchNs;
    if (this.failing.has(one.name)) this.#pending = one.name;
    else this.#kernels.run(one);
  }

  #table(): DriverCalls {
    const good = () => 0;
    const at = (ordinal: number) => this.cards[ordinal];
    return {
      cuInit: () => (this.cards.length > 0 ? 0 : 100),
      cuDriverGetVersion: (version) => number(version, 13000),
      cuGetErrorName: (error, text) => {
        text[0] = `CUDA_ERROR_${error}`;
        return 0;
      },
      cuGetErrorString: (error, text) => {
        text[0] = `words of error ${error}`;
        return 0;
      },
      cuDeviceGetCount: (count) => number(count, this.cards.length),
      cuDeviceGet: (device, ordinal) => number(device, ordinal),
      cuDeviceGetName: (name, _length, device) => {
        name.set(new TextEncoder().encode(`${at(device).name}\0`));
        return 0;
      },
      cuDeviceGetUuid_v2: (uuid, device) => {
        uuid.set(createHash("md5").update(`card ${device}`).digest());
        return 0;
      },
      cuDeviceGetAttribute: (value, attribute, device) => number(value, ATTRIBUTES[attribute](at(device))),
      cuDeviceTotalMem_v2: (bytes, device) => big(bytes, at(device).bytes),
      cuDevicePrimaryCtxRetain: (context) => this.#handle(context),
      cuDevicePrimaryCtxRelease_v2: good,
      cuCtxSetCurrent: good,
      cuCtxSynchronize: () => this.#settle(),
      cuMemGetInfo_v2: (free, total) => {
        big(total, at(0).bytes);
        return big(free, at(0).bytes - this.liveBytes);
      },
      cuMemAlloc_v2: (address, bytes) => {
        this.#handle(address);
        this.#next += BigInt(bytes);
        this.memory.set(address[0], new Uint8Array(bytes));
        return 0;
      },
      cuMemFree_v2: (address) => (this.memory.delete(address) ? 0 : 1),
      cuMemcpyHtoD_v2: (to, from, bytes) => {
        this.#kernels.bytesAt(to).set(from.subarray(0, bytes));
        return 0;
      },
      cuMemcpyDtoH_v2: (to, from, bytes) => {
        to.set(this.#kernels.bytesAt(from).subarray(0, bytes));
        return 0;
      },
      cuStreamCreate: (stream) => this.#handle(stream),
      cuStreamDestroy_v2: good,
      cuStreamSynchronize: () => this.#settle(),
      cuStreamBeginCapture_v2: () => {
        this.#capture = [];
        return 0;
      },
      cuStreamEndCapture: (_stream, graph) => {
        this.#handle(graph);
        this.#graphs.set(graph[0], this.#capture ?? []);
        this.#capture = undefined;
        return 0;
      },
      cuGraphInstantiateWithFlags: (executable, graph) => {
        this.#handle(executable);
        this.#graphs.set(executable[0], this.#graphs.get(graph) ?? []);
        return 0;
      },
      cuGraphLaunch: (executable) => {
        const kernels = this.#graphs.get(executable);
        if (!kernels) return 400;
        for (const one of kernels) this.#run(one);
        return 0;
      },
      cuGraphExecDestroy: (executable) => (this.#graphs.delete(executable) ? 0 : 400),
      cuGraphDestroy: (graph) => (this.#graphs.delete(graph) ? 0 : 400),
      cuEventCreate: (event) => this.#handle(event),
      cuEventRecord: (event) => {
        this.#events.set(event, this.#deviceNs);
        return 0;
      },
      cuEventSynchronize: () => this.#settle(),
      cuEventElapsedTime: (ms, start, end) => {
        ms[0] = ((this.#events.get(end) ?? 0) - (this.#events.get(start) ?? 0)) / 1e6;
        return 0;
      },
      cuEventDestroy_v2: good,
      cuModuleLoadData: (module) => this.#handle(module),
      cuModuleUnload: good,
      cuModuleGetFunction: (kernel, _module, name) => {
        this.#handle(kernel);
        this.#names.set(kernel[0], name);
        return 0;
      },
      cuFuncSetAttribute: good,
      cuFuncGetAttribute: (value) => number(value, 0),
      cuOccupancyMaxActiveBlocksPerMultiprocessor: (blocks, _kernel, _threads, sharedBytes) =>
        number(blocks, Math.min(2, Math.floor(232_448 / Math.max(sharedBytes, 1)))),
      cuLaunchKernelEx: (config, kernel, parameters) => {
        const one = {
          name: this.#names.get(kernel) ?? "unknown",
          config,
          parameters: parameters.map((bytes) => bytes.slice()),
        };
        if (this.#capture) this.#capture.push(one);
        else this.#run(one);
        return 0;
      },
      cuTensorMapEncodeTiled: (map, _type, rank) => number(new Int32Array(map.buffer), rank),
    };
  }
}

function number(out: Int32Array, value: number): number {
  out[0] = value;
  return 0;
}

function big(out: Out, value: number): number {
  out[0] = BigInt(value);
  return 0;
}

/** Compiles to the hash of what it was given; keeps what it was asked. */
export class FakeCompiler implements Compiler {
  readonly version = "0.0";
  readonly asked: { readonly name: string; readonly options: readonly string[] }[] = [];

  compile(name: string, source: string, options: readonly string[]) {
    this.asked.push({ name, options });
    return { cubin: createHash("sha256").update(source).digest(), log: "" };
  }
}
