/** The two forms' kernels: their sizes, as their sources have them, and their memory. */
import type { NativeEngine, Plan } from "../../engines/native.js";
import { planOf, type SsdRoom } from "./plan.js";

/** As work.h has them. */
export const CHUNK = 8;
const CHUNKS = 16;
const PAIRS = (CHUNK * (CHUNK + 1)) / 2;
const PADDED = 48;
export const chunkedVectors = ({ isa }: NativeEngine) => (isa === "avx2" ? 2 : 4);

export function chunkedPlan(engine: NativeEngine, room: SsdRoom, threads: number): Plan {
  const vectors = chunkedVectors(engine);
  const scores = (2 * PADDED + PAIRS + 2 * CHUNK) * CHUNKS;
  const rows = CHUNK * (3 * vectors * engine.lanes + 2 * room.problem.dims.state);
  const kernel = new URL("./chunked.c", import.meta.url);
  return planOf(engine, room, { kernel, vectors, work: scores + rows }, threads);
}

/** As recurrent.c and sequence.h have them. */
export const RECURRENT_VECTORS = 2;
const BLOCK = 128;
const MOST_TOKENS = 4;

export function recurrentPlan(engine: NativeEngine, room: SsdRoom, threads: number): Plan {
  const vectors = RECURRENT_VECTORS;
  const work = 2 * BLOCK + MOST_TOKENS * vectors * engine.lanes + room.problem.dims.state;
  return planOf(engine, room, { kernel: new URL("./recurrent.c", import.meta.url), vectors, work }, threads);
}
