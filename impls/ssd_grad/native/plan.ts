/** The native kernel's arguments, for a problem or for the map inside of a block. */
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, Plan } from "../../engines/native.js";
import { NOTHING_MADE, placeSteps } from "../../ssd/cpu/made.js";
import { skipOf } from "../../ssd/cpu/skip.js";
import type { SsdGrad } from "../operator.js";

/** As problem.h has them. */
export const CHUNK = 16;
export const BLOCK = 128;
const CHUNKS = BLOCK / CHUNK;

/** Where tensors of the operator's names lie, 0 for those that a problem has not. */
export type SsdGradRoom = Pick<NativeRoom<SsdGrad>, "problem" | "address" | "reserve" | "floats" | "madeOf">;

export function chunkedPlan({ lanes }: NativeEngine, room: SsdGradRoom, threads: number): Plan {
  const { dims, inputs } = room.problem;
  const { batch, length, heads, headDim, state } = dims;
  const blocks = Math.ceil(length / BLOCK);
  const channels = Math.ceil(headDim / lanes) * lanes;
  const columns = Math.ceil(state / lanes) * lanes;
  return {
    kernel: new URL("./chunked.c", import.meta.url),
    values: {
      D: skipOf(room),
      skipPerHead: inputs.D?.axes.length === 1 ? 1 : 0,
      dtGiven: room.address.dt,
      rates: room.address.logA,
      ...(placeSteps(room) ?? NOTHING_MADE),
      borders: room.reserve(4 * 2 * batch * heads * (blocks + 1) * headDim * columns),
      parts: room.reserve(4 * batch * blocks * heads * (2 + channels)),
    },
    threads,
    scratchBytes: 4 * Math.max(blockFloats(headDim, channels, columns), 2 * heads * lanes),
  };
}

/** As memory.h lays them out. @param channels, columns rows of X and of B, padded to vectors */
function blockFloats(headDim: number, channels: number, columns: number): number {
  const decays = CHUNKS * (6 * CHUNK);
  const pairs = (CHUNKS + 5) * CHUNK * CHUNK;
  const rows = BLOCK * (4 * columns + 2 * channels);
  const states = CHUNKS * headDim * columns + channels * columns;
  return decays + pairs + rows + states + CHUNK * (columns + 5 * channels);
}
