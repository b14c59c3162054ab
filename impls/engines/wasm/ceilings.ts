import type { Ceilings } from "../engine.js";
import { loadKernel } from "./build.js";
import type { Simd } from "./simd.js";

export interface WasmCeilings extends Ceilings {
  readonly expsPerS: number;
}

type Work = (address: number, rounds: number) => void;

const COPY_BYTES = 32 << 20;

/** Best of five of each on one thread: multiply-adds and exponentials in registers, and a copy that no cache holds. */
export async function measureCeilings(simd: Simd): Promise<WasmCeilings> {
  const { module } = await loadKernel(new URL("./ceilings.as.ts", import.meta.url), simd);
  const pages = 2 + (2 * COPY_BYTES) / 65536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  new Float32Array(memory.buffer, 65536, 64).fill(0.5);
  const perS = (work: Work, rounds: number, amount: number) => {
    work(65536, rounds);
    const rates = Array.from({ length: 5 }, () => {
      const start = performance.now();
      work(65536, rounds);
      return amount / ((performance.now() - start) / 1e3);
    });
    return Math.max(...rates);
  };
  return {
    flopsPerS: { f32: perS(exports.multiplyAdds as Work, 100_000, 100_000 * 12 * 8) },
    expsPerS: perS(exports.exps as Work, 20_000, 20_000 * 16),
    bytesPerS: perS(exports.copy as Work, COPY_BYTES, 2 * COPY_BYTES),
  };
}
