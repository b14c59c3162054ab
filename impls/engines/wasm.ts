/**
 * WebAssembly on the CPU: AssemblyScript kernels with 128-bit SIMD, fused multiply-add where the machine has it, and a pool of
 * threads. The default engine: it runs wherever Node runs, at the speed of compiled code. Parts and measurements: wasm/README.md.
 */
import type { AnyOperator, Problem } from "../operator.js";
import type { Prepared, RunDetails } from "../prepared.js";
import { Choices } from "./choices.js";
import { hostClock } from "./cpu/host-clock.js";
import { hostPrepared } from "./cpu/host-memory.js";
import { handsFor } from "./cpu/layout-inputs.js";
import type { Engine } from "./engine.js";
import { inBrowser, threadsHere } from "./platform.js";
import { measureCeilings, type WasmCeilings } from "./wasm/ceilings.js";
import { inputArgsBytes, writeInputs } from "./wasm/inputs.js";
import { loadKernel, placeHere } from "./wasm/place/here.js";
import { type Dispatch, Pool } from "./wasm/pool.js";
import { Room } from "./wasm/room.js";
import { type Simd, simdLevel } from "./wasm/simd.js";

/** What an operator's file tells the engine: its kernel and how a run calls it. */
export interface Plan {
  /** `new URL("./wasm/form.as.ts", import.meta.url)` */
  readonly kernel: URL;
  /** Exported functions that `run` dispatches. */
  readonly entries: readonly string[];
  readonly threads: number;
  /** Scratch memory of one thread. */
  readonly scratchBytes: number;
  /** What a row should say beside the kernel's name and hash. */
  readonly details?: RunDetails;
  run(dispatch: Dispatch): void;
}

/** A short measured search over one option of a kernel. */
export interface Fastest {
  readonly kernel: URL;
  /** All that the answer depends on, e.g. "headDim=64 state=128". */
  readonly shape: string;
  readonly candidates: readonly number[];
  prepare(candidate: number): Promise<Prepared<AnyOperator, void>>;
}

export interface WasmEngine extends Engine<void> {
  readonly name: "wasm";
  readonly simd: Simd;
  /** Threads that the machine runs at once, the main one included. */
  readonly threads: number;
  ceilings(threads?: number): Promise<WasmCeilings>;
  /**
   * The candidate with the shortest run, measured once a machine, kernel and shape, and remembered: the first one unless another is
   * clearly faster.
   */
  fastest(search: Fastest): Promise<number>;
  /** An empty memory layout with the problem's tensors in it. */
  room<Op extends AnyOperator>(operator: Op, problem: Problem<Op>): Room<Op>;
  /** Compiles the kernel if need be, makes the memory, writes the inputs. A run is one plan, or several after each other. */
  prepared<Op extends AnyOperator>(
    room: Room<Op>,
    plans: Plan | readonly Plan[],
  ): Promise<Prepared<Op, void>>;
}

/**
 * @param device "plain" runs without relaxed SIMD, as a machine that has none would; by default what the environment variable
 * DUALBENCH_WASM_SIMD names, or the best there is
 */
export async function open(
  device = inBrowser() ? undefined : process.env.DUALBENCH_WASM_SIMD || undefined,
): Promise<WasmEngine> {
  const best = simdLevel();
  if (device !== undefined && device !== "plain" && device !== "relaxed")
    throw new Error(`the wasm engine has devices relaxed and plain, got ${device}`);
  if (device === "relaxed" && best === "plain")
    throw new Error("this JavaScript engine has no relaxed SIMD; use device plain");
  const simd = device ?? best;
  const threads = threadsHere();
  const place = await placeHere();
  const pool = new Pool(place.hire);
  const choices = new Choices(place.choices);
  return {
    name: "wasm",
    rewritesInputs: true,
    simd,
    threads,
    device: {
      key: simd === "plain" ? "plain" : undefined,
      name: place.cpu,
      kind: "cpu",
      details: { simd, threads, ...place.details },
    },
    ...hostClock,
    ceilings: (threads = 1) => measureCeilings(simd, pool, threads),
    close: () => pool.close(),
    async fastest({ kernel, prepare, ...search }) {
      const { name, hash } = await loadKernel(kernel, simd);
      return choices.choose({
        ...search,
        place: [place.cpu, ...Object.entries(place.details).map((one) => one.join(" "))].join(", "),
        kernel: `${name}.${simd}.${hash}`,
        async prepare(candidate) {
          const prepared = await prepare(candidate);
          const time = () => {
            const start = performance.now();
            void prepared.run();
            return performance.now() - start;
          };
          return { time, dispose: () => prepared.dispose() };
        },
      });
    },
    room: (operator, problem) => new Room(operator, problem),
    prepared: (room, plans) => prepare(room, "kernel" in plans ? [plans] : plans, pool, simd),
  };
}

async function prepare<Op extends AnyOperator>(
  room: Room<Op>,
  plans: readonly Plan[],
  pool: Pool,
  simd: Simd,
): Promise<Prepared<Op, void>> {
  const loaded = await Promise.all(plans.map(({ kernel }) => loadKernel(kernel, simd)));
  const threads = Math.max(...plans.map((plan) => plan.threads));
  // A page apart: threads must not share a cache line.
  const stride = Math.ceil((Math.max(...plans.map(({ scratchBytes }) => scratchBytes)) + 4096) / 4096) * 4096;
  const scratch = room.reserve(stride * threads);
  const args = room.reserve(inputArgsBytes);
  const memory = room.open();
  const inputs = await writeInputs(room, memory, args, pool, handsFor(room.bytes, threads), simd);
  const kernels = plans.map(({ entries, threads }, i) =>
    pool.attach({ module: loaded[i].module, memory, entries, scratch, scratchBytes: stride }, threads),
  );
  return hostPrepared({
    operator: room.operator,
    problem: room.problem,
    outputs: room.outputs(),
    otherBytes: room.bytes - room.outputBytes,
    details: Object.assign(
      { kernel: kernelsName(room.operator, loaded, simd) },
      ...plans.map(({ details }) => details),
    ),
    run: () => {
      for (const [i, plan] of plans.entries()) plan.run(kernels[i].dispatch);
    },
    dispose: () => {
      for (const kernel of kernels) kernel.detach();
      inputs.detach();
    },
    rewrite: (next) => inputs.rewrite(next),
  });
}

/** A kernel's own name and hash; of several the operator's name and all their hashes. */
function kernelsName(
  operator: AnyOperator,
  loaded: readonly { readonly name: string; readonly hash: string }[],
  simd: Simd,
): string {
  const [{ name, hash }, ...others] = loaded;
  if (others.length === 0) return `${name}.${simd}.${hash}`;
  const hashes = new Set(loaded.map((kernel) => kernel.hash));
  return `${operator.name}.${simd}.${[...hashes].join("-")}`;
}
