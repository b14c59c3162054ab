import type { Ceilings } from "../engine.js";
import { sharesMemory } from "../platform.js";
import { loadKernel } from "./place/here.js";
import type { Pool } from "./pool.js";
import type { Simd } from "./simd.js";

export interface WasmCeilings extends Ceilings {
  readonly expsPerS: number;
}

/** Of each half of the copy. */
const COPY_BYTES = 32 << 20;
/** As in ceilings.as.ts; both halves lie in a thread's scratch. */
const CACHED_BYTES = 4096;
const SCRATCH_BYTES = 16384;
const PAGE = 65536;
/** So many tasks a thread, so that one which starts late leaves no other without work. */
const TASKS = 8;

/** What rates of a share of the work are counted in: its rounds and what one round does. */
interface Work {
  readonly entry: "multiplyAddsShare" | "expsShare" | "copyShare" | "cachedCopyShare";
  readonly rounds: number;
  /** Operations or bytes of one task. */
  readonly amount: number;
}

/**
 * Best of five of each, on as many threads as the rows that it holds for: multiply-adds and exponentials in registers, a copy that no
 * cache holds, and one that the nearest cache does.
 */
export async function measureCeilings(simd: Simd, pool: Pool, threads: number): Promise<WasmCeilings> {
  const { module } = await loadKernel(new URL("./ceilings.as.ts", import.meta.url), simd);
  const tasks = TASKS * threads;
  const bytes = Math.floor(COPY_BYTES / tasks / 64) * 64;
  const scratch = 2 * PAGE;
  const from = scratch + threads * SCRATCH_BYTES;
  const pages = Math.ceil((from + 2 * bytes * tasks) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: sharesMemory() });
  const entries = ["multiplyAddsShare", "expsShare", "copyShare", "cachedCopyShare"];
  const kernel = pool.attach({ module, memory, entries, scratch, scratchBytes: SCRATCH_BYTES }, threads);
  const numbers = new Float32Array(memory.buffer, scratch, (threads * SCRATCH_BYTES) / 4);
  const perS = ({ entry, rounds, amount }: Work) => {
    numbers.fill(0.5);
    new Int32Array(memory.buffer, PAGE, 3).set([rounds, bytes, from]);
    kernel.dispatch(entry, PAGE, tasks);
    const rates = Array.from({ length: 5 }, () => {
      const start = performance.now();
      kernel.dispatch(entry, PAGE, tasks);
      return (tasks * amount) / ((performance.now() - start) / 1e3);
    });
    return Math.max(...rates);
  };
  const ceilings = {
    flopsPerS: { f32: perS({ entry: "multiplyAddsShare", rounds: 12_500, amount: 12_500 * 12 * 8 }) },
    expsPerS: perS({ entry: "expsShare", rounds: 2_500, amount: 2_500 * 16 }),
    bytesPerS: perS({ entry: "copyShare", rounds: 1, amount: 2 * bytes }),
    cachedBytesPerS: perS({ entry: "cachedCopyShare", rounds: 2_000, amount: 2_000 * 2 * CACHED_BYTES }),
  };
  kernel.detach();
  return ceilings;
}
