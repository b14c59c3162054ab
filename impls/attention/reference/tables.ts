/** What each query sees, where a kernel reads it. */
import type { Problem } from "../../operator.js";
import { visibleKeys } from "./visible.js";

/** Addresses of tables (batch, length). */
export interface VisibleTables {
  /** The first key that each query sees. */
  readonly firsts: number;
  /** The end of its keys. */
  readonly ends: number;
}

/** 32-bit whole numbers in places of floats, written when the memory is made. */
export function visibleTables(
  room: { floats(count: number, fill: (place: Float32Array) => void): number },
  problem: Pick<Problem, "dims" | "inputs" | "settings">,
): VisibleTables {
  const { first, end } = visibleKeys(problem);
  const table = (values: Int32Array) =>
    room.floats(values.length, (place) =>
      new Int32Array(place.buffer, place.byteOffset, place.length).set(values),
    );
  return { firsts: table(first), ends: table(end) };
}
