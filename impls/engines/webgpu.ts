/** The GPU engine: hand-written WGSL on Dawn in Node, on `navigator.gpu` in a page; the same TypeScript and shaders in both. */
import type { AnyOperator, Problem } from "../operator.js";
import type { Prepared } from "../prepared.js";
import {
  type Ceilings,
  type DeviceInfo,
  type Engine,
  EngineAbsent,
  type OpenOptions,
  type Timing,
} from "./engine.js";
import { inBrowser } from "./platform.js";
import { measureCeilings } from "./webgpu/clock/ceilings.js";
import { type Fastest, fastestOn } from "./webgpu/clock/fastest.js";
import { type Launch, launchIn } from "./webgpu/clock/launch.js";
import { Stopwatch } from "./webgpu/clock/stopwatch.js";
import type { MatrixShape } from "./webgpu/device/adapter.js";
import { GpuDevice, type OpenOptions as GpuOpenOptions } from "./webgpu/device/device.js";
import { gpuHardware, type Machine, unusable } from "./webgpu/device/hardware.js";
import { useSwiftShader } from "./webgpu/device/software.js";
import { type ForeignWgsl, foreignUnsupported, prepareForeign } from "./webgpu/problem/foreign.js";
import { Stage, type StageOptions } from "./webgpu/problem/stage.js";

export interface WebGpuEngine extends Engine<Launch> {
  readonly name: "webgpu";
  readonly gpu: GpuDevice;
  readonly limits: GPUSupportedLimits;
  has(
    feature: "shader-f16" | "subgroups" | "timestamp-query" | "chromium-experimental-subgroup-matrix",
  ): boolean;
  readonly matrixShapes: readonly MatrixShape[];
  /** Lanes of a subgroup where the adapter has one size only. */
  readonly subgroupSize: number | undefined;
  /** Buffers and kernels of one problem; `prepare` builds its dispatches on it. */
  stage<Op extends AnyOperator>(operator: Op, problem: Problem<Op>, options?: StageOptions): Stage<Op>;
  /** A user's text, with what it binds given by name. */
  foreign<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    kernel: ForeignWgsl,
  ): Promise<Prepared<Op, Launch>>;
  /** A sentence where it binds an input that the problem has not, or does not bind one that it has. */
  foreignUnsupported(operator: AnyOperator, problem: Problem, kernel: ForeignWgsl): string | undefined;
  timeCold(run: (launch: Launch) => void | Promise<void>): Promise<Timing>;
  /** The candidate with the shortest run, measured once an adapter, driver, kernel and shape, and remembered (webgpu/fastest.ts). */
  fastest<Candidate extends number | string>(search: Fastest<Candidate>): Promise<Candidate>;
}

/**
 * @param device undefined: this machine's adapter; `swiftshader`: SwiftShader; `null`: Dawn's null backend, which only validates
 * @param options `named`: adapters that compute on the CPU will do, SwiftShader in the end. The others serve tests
 */
export async function open(
  device?: string,
  options: OpenOptions & GpuTestOptions = { named: false },
): Promise<WebGpuEngine> {
  const { named, machine, ...rest } = options;
  // a machine with a card must not be taken for one without
  const hardware = device === undefined && !inBrowser() ? gpuHardware(machine) : undefined;
  try {
    if (device === "null")
      return engineOn(await GpuDevice.open({ ...rest, backend: "null", software: true }));
    if (device === "swiftshader") useSwiftShader();
    else if (device !== undefined)
      throw new Error(
        `webgpu knows the devices swiftshader and null beside this machine's own, got ${device}`,
      );
    return engineOn(
      await GpuDevice.open({
        ...rest,
        software: (named && !hardware) || device !== undefined,
      }),
      device === undefined,
    );
  } catch (error) {
    const { message } = error as Error;
    if (hardware) throw new EngineAbsent(`${unusable(hardware)} (${message.split(/[:;]/)[0]})`);
    if (named && device === undefined && !inBrowser() && /no WebGPU adapter/.test(message))
      return softwareEngine(rest, message);
    throw new EngineAbsent(message);
  }
}

/** What only tests set. */
export type GpuTestOptions = Pick<GpuOpenOptions, "maxBindingBytes" | "robust"> & {
  readonly machine?: Machine;
};

/** @throws EngineAbsent with `absent`, which names SwiftShader beside real drivers, where that is not installed either */
async function softwareEngine(
  options: Omit<GpuTestOptions, "machine">,
  absent: string,
): Promise<WebGpuEngine> {
  try {
    useSwiftShader();
  } catch {
    throw new EngineAbsent(absent);
  }
  try {
    // an instance that found no driver keeps that answer: ask with another one
    return engineOn(await GpuDevice.open({ ...options, software: true, fresh: true }), true);
  } catch (error) {
    throw new EngineAbsent((error as Error).message);
  }
}

/**
 * The engine on a device that is already open (tests open special ones).
 * @param chosen nobody asked for this device: a software adapter stands in for a GPU, which is said
 */
export function engineOn(gpu: GpuDevice, chosen = false): WebGpuEngine {
  const stopwatch = new Stopwatch(gpu);
  const record = (run: (launch: Launch) => void | Promise<void>, runs: number) =>
    stopwatch.time((pass) => repeat(run, launchIn(pass), runs));
  return {
    name: "webgpu",
    rewritesInputs: true,
    device: describe(gpu, chosen),
    gpu,
    limits: gpu.device.limits,
    has: (feature) => gpu.has(feature),
    matrixShapes: gpu.matrixShapes,
    subgroupSize: gpu.subgroupSize,
    stage: (operator, problem, stageOptions) => new Stage(gpu, operator, problem, stageOptions),
    foreign: (operator, problem, kernel) => prepareForeign(gpu, { operator, problem, kernel }),
    foreignUnsupported: (operator, problem, kernel) => foreignUnsupported({ operator, problem, kernel }),
    unsupported: ({ dtype }) =>
      dtype === "f16" && !gpu.has("shader-f16")
        ? `needs an adapter with shader-f16 for dtype f16, ${gpu.name} has not`
        : undefined,
    async once(run) {
      await record(run, 1);
    },
    async time(run, repeats) {
      const runs = repeats * stopwatch.multiplier(run);
      const timing = await record(run, runs);
      // shorter than 100 ticks of the device's clock, a sample would be mostly quantization
      if (timing.deviceNs !== undefined && timing.deviceNs < 100 * stopwatch.tickNs && runs < 4096) {
        stopwatch.lengthen(run);
        return this.time(run, repeats);
      }
      return perRun(timing, runs);
    },
    async timeCold(run) {
      await stopwatch.overwriteCaches();
      return record(run, 1);
    },
    fastest(search) {
      return fastestOn(gpu, (run) => this.time(run, 1), search);
    },
    isLost: () => gpu.isLost,
    ceilings: (): Promise<Ceilings> => measureCeilings(gpu, stopwatch),
    close: () => {
      stopwatch.dispose();
      gpu.destroy();
    },
  };
}

async function repeat(
  run: (launch: Launch) => void | Promise<void>,
  launch: Launch,
  runs: number,
): Promise<void> {
  for (let i = 0; i < runs; i++) {
    const pending = run(launch);
    if (pending) await pending;
  }
}

function perRun({ hostNs, deviceNs }: Timing, runs: number): Timing {
  return { hostNs: hostNs / runs, ...(deviceNs === undefined ? {} : { deviceNs: deviceNs / runs }) };
}

function standIn(adapter: string): string {
  return `no GPU is here, so it runs on ${adapter}, which computes on the CPU: its times say nothing of a GPU`;
}

function describe(gpu: GpuDevice, chosen: boolean): DeviceInfo {
  const { info } = gpu.adapter;
  const { limits } = gpu.device;
  return {
    key: gpu.name,
    name: info.device || info.description || gpu.name,
    ...(chosen && gpu.isSoftware ? { warning: standIn(info.device || info.description) } : {}),
    kind: gpu.isSoftware ? "software" : "gpu",
    details: {
      vendor: info.vendor,
      architecture: info.architecture,
      features: [...gpu.device.features].sort().join(" "),
      matrixShapes: gpu.matrixShapes.map(({ M, N, K }) => `${M}x${N}x${K}`).join(" ") || "none",
      subgroupSizes: `${info.subgroupMinSize ?? "?"}..${info.subgroupMaxSize ?? "?"}`,
      maxBindingBytes: gpu.maxBindingBytes,
      maxBufferBytes: limits.maxBufferSize,
      workgroupStorageBytes: limits.maxComputeWorkgroupStorageSize,
      workgroupInvocations: limits.maxComputeInvocationsPerWorkgroup,
      storageBuffers: limits.maxStorageBuffersPerShaderStage,
      boundsChecks: gpu.checksBounds ? "on" : "off",
    },
  };
}
