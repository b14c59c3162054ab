/** How a transform is cut on an adapter: for its kernels and for what they cost. */
import type { Problem } from "../../operator.js";
import type { Convolution } from "../operator.js";

/** Longest transform that fits workgroup memory beside its kernel's: 2 x 8 KiB. */
const ROW = 1024;
export const MOST = ROW * 1024;
/** Scratch for the channels that are transformed together. */
const SCRATCH_BYTES = 256 * 2 ** 20;

/** What an adapter sets to a plan. */
interface Room {
  readonly workgroupBytes: number;
  readonly invocations: number;
  readonly bindingBytes: number;
}

/** Of an H200: what a cost is told for, where no adapter is open. */
export const LARGE: Room = { workgroupBytes: 49152, invocations: 1024, bindingBytes: 2 ** 31 - 4 };

/** A transform of n values as N1 rows of N2, COLS columns at a time, `together` channels at a time. */
export function planTransform(
  { dims }: Problem<Convolution>,
  { workgroupBytes, invocations, bindingBytes }: Room,
) {
  const { length, heads, headDim } = dims;
  const channels = heads * headDim;
  const n = transformLength(length);
  const N2 = Math.min(n, workgroupBytes >= 16 * ROW ? ROW : ROW / 2);
  const N1 = n / N2;
  const COLS = Math.max(1, Math.min(8, Math.floor(workgroupBytes / (8 * N1)), N2));
  const threads = (steps: number) => Math.max(1, Math.min(256, invocations, steps));
  const bytesAChannel = Math.max(4 * length, N1 > 1 ? 8 * n : 0);
  const held = Math.floor(Math.min(bindingBytes, SCRATCH_BYTES) / bytesAChannel);
  return {
    ...{ n, N1, N2, COLS, channels, together: Math.max(1, Math.min(channels, 65535, held)) },
    ...{ rowThreads: threads(N2 / 4), columnThreads: threads((N1 * COLS) / 2) },
  };
}

export type Plan = ReturnType<typeof planTransform>;

/** A power of two, at least 4 so that every stage exists. */
function transformLength(length: number): number {
  return Math.max(4, 2 ** Math.ceil(Math.log2(length)));
}
