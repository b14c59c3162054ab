/** Tiles of attention on the tensor cores, and the shared memory they take. */
import type { Problem } from "../../operator.js";
import type { Attention } from "../operator.js";

export interface Tiles {
  /** Products of 16 x 8 x 16 and ordinary copies instead of Hopper's. */
  readonly mma: boolean;
  /** A workgroup's queries, and keys that it holds in one slot. */
  readonly queries: number;
  readonly keys: number;
  readonly slots: number;
}

export const MOST_CHANNELS = 256;
/** Rows that start at multiples of sixteen bytes: what Hopper's copy engine takes. */
export const ROW_VALUES = 8;

/** Channels of keys in columns of 64; of values as many as products have. */
export function paddedDims({ dims }: Problem<Attention>) {
  const columns = (channels: number) => Math.ceil(channels / 64) * 64;
  const value = columns(dims.headDimV);
  return { head: columns(dims.headDim), value: value === 192 ? 256 : value };
}

export function tilesFor(problem: Problem<Attention>, mma: boolean): Tiles {
  const { head, value } = paddedDims(problem);
  const wide = Math.max(head, value) > 128;
  if (mma) return { mma, queries: 64, keys: wide ? 32 : 64, slots: 2 };
  // three warpgroups where their sums leave them the registers: measured in engines/cuda/NOTES.md
  const queries = Math.max(head, value) === 64 ? 192 : 128;
  return { mma, queries, keys: wide ? 64 : 128, slots: 2 };
}

/** `QUERY_BYTES`, `K_BYTES` and `V_BYTES` of tiled.problem.cu, and the barriers. */
export function roomBytes(problem: Problem<Attention>, { queries, keys, slots }: Tiles): number {
  const { head, value } = paddedDims(problem);
  return 2 * queries * Math.max(head, value) + slots * 2 * keys * (head + value) + 8 + 32 * slots;
}
