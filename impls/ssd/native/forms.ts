/** The two forms' kernels: their sizes, as their sources have them, and their memory. */
import type { NativeEngine, Plan } from "../../engines/native.js";
import { planOf, type SsdRoom, vectorsOf, workFloats } from "./plan.js";

export function chunkedPlan(engine: NativeEngine, room: SsdRoom, threads: number): Plan {
  const [vectors, work] = [vectorsOf(engine), workFloats(engine, room.problem.dims.state)];
  return planOf(engine, room, { kernel: new URL("./chunked.c", import.meta.url), vectors, work }, threads);
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
