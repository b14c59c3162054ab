import type { Ceilings } from "../../engine.js";
import type { Compiler } from "../compiler.js";
import { argumentBlock } from "../fields.js";
import { type Isa, LANES, loadLibrary } from "../library.js";

export interface NativeCeilings extends Ceilings {
  readonly expsPerS: number;
}

/** Of each half of the copy, all threads together. */
const COPY_BYTES = 32 << 20;
/** As in ceilings.c. */
const CACHED_BYTES = 4096;
const CHAINS: Readonly<Record<Isa, number>> = { avx512: 24, avx2: 12, neon: 24 };
/** So many tasks a thread, so that one which starts late leaves no other without work. */
const TASKS = 8;

/** In the order of `work` in ceilings.c. */
const WORK = ["multiplyAdds", "exps", "copy", "cachedCopy"] as const;

/**
 * Best of five of each, on as many threads as the rows that it holds for: multiply-adds and exponentials in registers, a copy that no
 * cache holds, and one that the nearest cache does.
 */
export async function measureCeilings(
  compiler: Compiler,
  isa: Isa,
  threads: number,
): Promise<NativeCeilings> {
  const { run, fields, address_of } = await loadLibrary(
    compiler,
    new URL("./ceilings.c", import.meta.url),
    isa,
  );
  const tasks = TASKS * threads;
  const bytes = Math.floor(COPY_BYTES / tasks / 64) * 64;
  const memory = new Uint8Array(2 * bytes * tasks + 64).fill(1);
  const start = BigInt(address_of(memory));
  const base = start + ((64n - (start % 64n)) % 64n);
  const perS = (work: (typeof WORK)[number], rounds: number, amount: number) => {
    const args = argumentBlock(
      fields,
      { memory: Number(base), bytes, work: WORK.indexOf(work), rounds, tasks, threads },
      0n,
    );
    run(args);
    const rates = Array.from({ length: 5 }, () => {
      const began = performance.now();
      run(args);
      return (tasks * amount) / ((performance.now() - began) / 1e3);
    });
    return Math.max(...rates);
  };
  return {
    flopsPerS: { f32: perS("multiplyAdds", 20_000, 20_000 * CHAINS[isa] * LANES[isa] * 2) },
    expsPerS: perS("exps", 4_000, 4_000 * 4 * LANES[isa]),
    bytesPerS: perS("copy", 1, 2 * bytes),
    cachedBytesPerS: perS("cachedCopy", 4_000, 4_000 * 2 * CACHED_BYTES),
  };
}
