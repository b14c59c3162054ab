/** All engines by name. Loading one is a promise, so that listing them loads no native code. */
import type { CpuEngine } from "./cpu.js";
import type { CudaEngine } from "./cuda.js";
import type { DistributedEngine } from "./distributed.js";
import type { Engine, OpenOptions } from "./engine.js";
import { jaxJs } from "./jaxjs/needed.js";
import type { JaxjsEngine } from "./jaxjs.js";
import type { NativeEngine } from "./native.js";
import { onnxruntimeNode } from "./onnxruntime/needed.js";
import type { OnnxruntimeEngine } from "./onnxruntime.js";
import type { OptionalPackage } from "./optional-package.js";
import type { TfjsEngine } from "./tfjs.js";
import type { TorchEngine } from "./torch.js";
import type { WasmEngine } from "./wasm.js";
import type { WebGpuEngine } from "./webgpu.js";

/** Every engine by name; an engine's file adds its type here and its entry below. */
export interface Engines {
  cpu: CpuEngine;
  cuda: CudaEngine;
  distributed: DistributedEngine;
  native: NativeEngine;
  jaxjs: JaxjsEngine;
  onnxruntime: OnnxruntimeEngine;
  tfjs: TfjsEngine;
  torch: TorchEngine;
  wasm: WasmEngine;
  webgpu: WebGpuEngine;
}

export type EngineName = keyof Engines;

/**
 * What others must know of an engine and may not conclude from its name. Plain data, known before it is loaded. What it runs on, a
 * device tells once it is open: its kind.
 */
export interface EngineTraits {
  /** Runs in a web page too: its file reaches no `node:` import but behind what a page never loads (wasm/place/node.ts). */
  readonly inPage?: true;
  /** Has no native code, so that it cannot take down the process that opens it; its kernels may still never come to an end. */
  readonly sandboxed?: true;
  /** Composes operators from a library's tensor operations: many launches where others have a kernel. */
  readonly tensorOps?: true;
  /** Why it is given no NaN and no infinity: one sentence, where it does not keep what IEEE 754 promises of them. */
  readonly nonFinite?: string;
  /** Packages that take part in computing, by device, and under "" on every device: their versions go into the rows. */
  readonly packages?: Readonly<Record<string, readonly string[]>>;
  /**
   * Its kernels are compiled when a machine first uses them, which takes seconds of a run that has less than a minute: the quick grid
   * leaves it out, unless it is named.
   */
  readonly slowFirstUse?: true;
  /** A package without which it is absent: looked for before a process is started for it. */
  readonly needs?: OptionalPackage;
  /**
   * One problem on several processes. Its cases answer other questions than a kernel's time: they run in suites that ask for them
   * (`Suite.shards`), and where it is named.
   */
  readonly shards?: true;
  /** Somebody else's code to compare with: its curves stand for ours only where it is named alone. */
  readonly peer?: true;
}

export interface EngineEntry extends EngineTraits {
  readonly name: EngineName;
  /** Devices that may be opened, each in a child process of its own; an engine with one device has none to name. */
  readonly devices?: readonly string[];
  /** Those of them that run only when the user names the engine: too slow to be worth a default run's time. */
  readonly onlyNamed?: readonly string[];
  /** Devices beside those, opened only where somebody names the device itself. */
  readonly onRequest?: readonly string[];
  /** `open` throws EngineAbsent, with one sentence, where this machine lacks the device. */
  // biome-ignore lint/suspicious/noExplicitAny: each engine has its own launch type; runners never look at it
  load(): Promise<{ open(device?: string, options?: OpenOptions): Promise<Engine<any>> }>;
}

/** From the fastest to the most readable; the quick grid takes the first that has a form. */
export const engines: readonly EngineEntry[] = [
  { name: "cuda", load: () => import("./cuda.js") },
  {
    name: "webgpu",
    onRequest: ["swiftshader"],
    inPage: true,
    // WGSL may assume that NaN and infinities do not exist
    nonFinite: "webgpu promises nothing about infinite inputs",
    packages: { "": ["webgpu"] },
    load: () => import("./webgpu.js"),
  },
  {
    name: "native",
    onRequest: ["avx512", "avx2", "neon"],
    slowFirstUse: true,
    load: () => import("./native.js"),
  },
  {
    name: "wasm",
    inPage: true,
    sandboxed: true,
    packages: { "": ["assemblyscript"] },
    load: () => import("./wasm.js"),
  },
  { name: "cpu", inPage: true, sandboxed: true, load: () => import("./cpu.js") },
  {
    name: "tfjs",
    devices: ["wasm", "cpu", "webgpu", "tensorflow"],
    onlyNamed: ["cpu"],
    tensorOps: true,
    packages: {
      "": ["@tensorflow/tfjs-core"],
      wasm: ["@tensorflow/tfjs-backend-wasm"],
      cpu: ["@tensorflow/tfjs-backend-cpu"],
      webgpu: ["@tensorflow/tfjs-backend-webgpu"],
      tensorflow: ["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"],
    },
    load: () => import("./tfjs.js"),
  },
  {
    name: "torch",
    devices: ["cuda:0", "cpu"],
    tensorOps: true,
    peer: true,
    packages: { "": ["torch"] },
    load: () => import("./torch.js"),
  },
  {
    name: "distributed",
    devices: ["cuda", "cpu"],
    tensorOps: true,
    peer: true,
    shards: true,
    packages: { "": ["torch"] },
    load: () => import("./distributed.js"),
  },
  {
    name: "onnxruntime",
    tensorOps: true,
    peer: true,
    needs: onnxruntimeNode,
    packages: { "": ["onnxruntime-node"] },
    load: () => import("./onnxruntime.js"),
  },
  {
    name: "jaxjs",
    tensorOps: true,
    peer: true,
    needs: jaxJs,
    packages: { "": ["@jax-js/jax"] },
    load: () => import("./jaxjs.js"),
  },
];

/**
 * What to open of an engine: undefined stands for its only device.
 * @param devices names of devices: of an engine that has one of them, only those
 */
export function devicesToOpen(
  entry: Pick<EngineEntry, "devices" | "onlyNamed" | "onRequest">,
  named: boolean,
  devices: readonly string[] = [],
): readonly (string | undefined)[] {
  const asked = devicesOf(entry).filter((device) => devices.includes(device));
  if (asked.length > 0) return asked;
  const { onlyNamed = [] } = entry;
  return entry.devices?.filter((device) => named || !onlyNamed.includes(device)) ?? [undefined];
}

/** Names by which devices of an engine can be asked for. */
export function devicesOf({
  devices = [],
  onRequest = [],
}: Pick<EngineEntry, "devices" | "onRequest">): readonly string[] {
  return [...devices, ...onRequest];
}
