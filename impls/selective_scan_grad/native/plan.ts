/** The native kernel's arguments, for a problem or for the map inside of a block. */
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, Plan } from "../../engines/native.js";
import type { SelectiveScanGrad } from "../operator.js";

/** As problem.h has them. */
const BLOCK = 64;
const STRETCH = 4;
/** Of a token: steps, inputs, cotangents and sums. */
const ROWS = 6;
/** Tables of a slice: A, the state, dA; for a constant B or C it and its gradient. */
const TABLES = 3;
const TABLES_OF_CONSTANT = 2;
/** Parts that a run is cut into where groups are wide enough, whatever the number of threads: sums are always made alike. */
const PARTS = 16;

export function scanPlan(
  { lanes }: NativeEngine,
  room: Pick<NativeRoom<SelectiveScanGrad>, "problem" | "reserve">,
  threads: number,
): Plan {
  const { problem } = room;
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const held = lanes === 16 ? 8 : 4;
  const padded = Math.ceil(state / held) * held;
  const slices = Math.ceil(((heads / groups) * headDim) / lanes);
  const span = Math.ceil(slices / Math.min(slices, Math.ceil(PARTS / (batch * groups))));
  const parts = Math.ceil(slices / span);
  const constantB = problem.inputs.B?.axes[0] === "batch" ? 0 : 1;
  const constantC = problem.inputs.C?.axes[0] === "batch" ? 0 : 1;
  const table = padded * lanes;
  const recordFloats = (TABLES + TABLES_OF_CONSTANT * (constantB + constantC)) * table + 3 * lanes;
  return {
    kernel: new URL("./scan.c", import.meta.url),
    values: {
      softplus: problem.settings.softplus ? 1 : 0,
      constantB,
      constantC,
      slices,
      span,
      parts,
      borders: room.reserve(4 * batch * groups * slices * Math.ceil(length / BLOCK) * table),
      records: room.reserve(4 * batch * groups * slices * recordFloats),
      partials: room.reserve(4 * batch * groups * parts * STRETCH * BLOCK * 2 * padded),
      recordFloats,
    },
    threads,
    scratchBytes: 4 * BLOCK * ((ROWS + 2 * held) * lanes + 2 * padded) + 64 * Math.ceil(BLOCK / 64),
  };
}
