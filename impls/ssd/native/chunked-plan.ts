/** The chunked form's kernel and its memory. */
import type { NativeEngine, Plan } from "../../engines/native.js";
import { planOf, type SsdRoom, vectorsOf, workFloats } from "./plan.js";

export function chunkedPlan(engine: NativeEngine, room: SsdRoom, threads: number): Plan {
  const [vectors, work] = [vectorsOf(engine), workFloats(engine, room.problem.dims.state)];
  return planOf(engine, room, { kernel: new URL("./chunked.c", import.meta.url), vectors, work }, threads);
}
