/**
 * The CUDA engine: our own kernels in CUDA C++, compiled by NVRTC and run through the driver, both called from here by koffi. Nothing else
 * of the toolkit is needed. How it is built, and its rules for kernels: cuda/README.md.
 */
import type { AnyOperator, Problem } from "../operator.js";
import type { Prepared } from "../prepared.js";
import { measureCeilings } from "./cuda/clock/ceilings.js";
import { Stopwatch } from "./cuda/clock/stopwatch.js";
import { CudaDevice } from "./cuda/device/device.js";
import { Graphs } from "./cuda/device/graphs.js";
import { type Grid, type Kernel, launch, pack } from "./cuda/device/kernel.js";
import { tensorMap } from "./cuda/device/tensor-map.js";
import { type CufftCalls, loadCufft } from "./cuda/host/cufft.js";
import { type DriverCalls, loadDriver } from "./cuda/host/driver.js";
import { type Compiler, loadCompiler } from "./cuda/host/nvrtc.js";
import { type ForeignCuda, prepareForeign } from "./cuda/problem/foreign.js";
import { type CudaLaunch, Stage } from "./cuda/problem/stage.js";
import { refused } from "./cuda/problem/storage.js";
import { type DeviceInfo, type Engine, EngineAbsent, type Timing } from "./engine.js";

export type { CudaLaunch, Grid };

export interface CudaEngine extends Engine<CudaLaunch> {
  readonly name: "cuda";
  readonly card: CudaDevice;
  /** Buffers and kernels of one problem; `prepare` adds its launches to it. */
  stage<Op extends AnyOperator>(operator: Op, problem: Problem<Op>): Stage<Op>;
  /** A sentence where the library behind `Stage.transforms` is absent. */
  transformsLack(): string | undefined;
  /** A user's file. */
  foreign<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    kernel: ForeignCuda,
  ): Prepared<Op, CudaLaunch>;
  /** Bytes of a kernel's parameter struct (cuda/device/kernel.ts). */
  readonly pack: typeof pack;
  /** For Hopper's copy engine (cuda/device/tensor-map.ts). */
  tensorMap(
    address: bigint,
    dims: readonly number[],
    box: readonly number[],
    rowBytes: 32 | 64 | 128,
  ): Uint8Array;
  timeCold(run: (launch: CudaLaunch) => void | Promise<void>): Promise<Timing>;
}

/** Oldest cards that the kernels are compiled for: asynchronous copies and the products of sixteen terms begin with it. */
const OLDEST = 80;

/** What only tests set: other functions in the place of the libraries', another folder for compiled kernels. */
export interface CudaLibraries {
  driver(): DriverCalls;
  compiler(): Compiler;
  /** Loaded by the first problem that transforms. */
  cufft?(): CufftCalls;
  readonly cache?: string;
}

/**
 * @param device number of the card as the driver lists it (CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER hold), the first by default
 * @throws EngineAbsent, with one sentence, without driver, NVRTC or card
 */
export async function open(
  device = "0",
  _options: object = {},
  libraries: CudaLibraries = { driver: loadDriver, compiler: loadCompiler },
): Promise<CudaEngine> {
  if (!/^\d+$/.test(device)) throw new EngineAbsent(`cuda has the devices 0, 1 and so on, got ${device}`);
  try {
    const calls = libraries.driver();
    const code = calls.cuInit(0);
    if (code !== 0) {
      const name: [string | null] = [null];
      calls.cuGetErrorName(code, name);
      throw new Error(
        `the NVIDIA driver is there but cuInit says ${name[0] ?? code}: no card, or none that this process may use (see nvidia-smi)`,
      );
    }
    const compiler = libraries.compiler();
    const card = new CudaDevice(calls, compiler, Number(device), libraries.cache);
    if (card.capability < OLDEST)
      throw new Error(
        `${card.facts.name} is of compute capability ${card.capability / 10}; the kernels need ${OLDEST / 10} or newer`,
      );
    return engineOn(card, libraries.cufft);
  } catch (error) {
    throw new EngineAbsent((error as Error).message);
  }
}

/** The engine on a card that is open already. */
export function engineOn(card: CudaDevice, cufft: () => CufftCalls = loadCufft): CudaEngine {
  const graphs = new Graphs(card);
  const stopwatch = new Stopwatch(card, graphs);
  return {
    name: "cuda",
    device: describe(card),
    card,
    stage: (operator, problem) => new Stage(card, graphs, operator, problem, cufft),
    transformsLack() {
      try {
        cufft();
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    foreign: (operator, problem, kernel) => prepareForeign(card, graphs, { operator, problem }, kernel),
    pack,
    tensorMap: (address, dims, box, rowBytes) => tensorMap(card, address, dims, box, rowBytes),
    unsupported: ({ dtype }) => refused(dtype),
    async once(run) {
      // one at a time: an error then names the kernel it came from
      for (const kernel of await kernelsOf(run)) {
        launch(card, kernel);
        card.wait(kernel.function.name);
      }
    },
    async time(run, repeats) {
      return stopwatch.time(await kernelsOf(run), repeats);
    },
    async timeCold(run) {
      return stopwatch.timeCold(await kernelsOf(run));
    },
    isLost: () => card.isLost,
    ceilings: async () => measureCeilings(card, stopwatch),
    close() {
      stopwatch.close();
      card.close();
    },
  };
}

async function kernelsOf(run: (launch: CudaLaunch) => void | Promise<void>): Promise<Kernel[]> {
  const kernels: Kernel[] = [];
  const pending = run({ kernel: (kernel) => kernels.push(kernel) });
  if (pending) await pending;
  return kernels;
}

function describe({ facts, driverVersion, compiler, capability }: CudaDevice): DeviceInfo {
  const key = facts.name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return {
    key: facts.ordinal === 0 ? key : `${key}-${facts.ordinal}`,
    name: facts.name,
    kind: "gpu",
    launch: "gaps between kernels included, which one CUDA graph launches",
    details: {
      uuid: facts.uuid,
      computeCapability: capability / 10,
      bytes: facts.bytes,
      ...facts.attributes,
      driver: driverVersion,
      nvrtc: compiler.version,
    },
  };
}
