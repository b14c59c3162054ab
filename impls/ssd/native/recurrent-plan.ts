/** The recurrent form's kernel: its sizes, as its source has them, and its memory. */
import type { NativeEngine, Plan } from "../../engines/native.js";
import { planOf, type SsdRoom } from "./plan.js";

/** As recurrent.c and sequence.h have them. */
export const RECURRENT_VECTORS = 2;
const BLOCK = 128;
const MOST_TOKENS = 4;

export function recurrentPlan(engine: NativeEngine, room: SsdRoom, threads: number): Plan {
  const vectors = RECURRENT_VECTORS;
  const work = 2 * BLOCK + MOST_TOKENS * vectors * engine.lanes + room.problem.dims.state;
  return planOf(engine, room, { kernel: new URL("./recurrent.c", import.meta.url), vectors, work }, threads);
}
