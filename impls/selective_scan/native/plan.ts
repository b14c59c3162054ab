/** The native kernel's arguments, for a problem or for the map inside of a block. */
import type { NativeEngine, Plan } from "../../engines/native.js";
import type { Problem } from "../../operator.js";
import type { SelectiveScan } from "../operator.js";

/** As recurrent.c has them. */
const BLOCK = 64;
/** Tables of a slice: A, the state, constant B and C. */
const TABLES = 4;
/** Tables of the slices that walk together stay in the second cache. */
const TABLE_BYTES = 256 << 10;

export function recurrentPlan(
  { lanes }: NativeEngine,
  { dims, inputs, settings }: Problem<SelectiveScan>,
  threads: number,
): Plan {
  const { batch, heads, groups, headDim, state } = dims;
  const slices = Math.ceil(((heads / groups) * headDim) / lanes);
  const tableBytes = 4 * TABLES * state * lanes;
  const most = Math.max(1, Math.floor(TABLE_BYTES / tableBytes));
  // four runs a thread even out what other programs take from one of them
  const even = threads === 1 ? groups * slices : Math.ceil((groups * slices * batch) / (4 * threads));
  const span = Math.min(most, even);
  return {
    kernel: new URL("./recurrent.c", import.meta.url),
    values: {
      softplus: settings.softplus ? 1 : 0,
      constantB: inputs.B?.axes[0] === "batch" ? 0 : 1,
      constantC: inputs.C?.axes[0] === "batch" ? 0 : 1,
      slices,
      span,
      runs: Math.ceil((groups * slices) / span),
    },
    threads,
    // a slice's record takes two cache lines
    scratchBytes: 3 * BLOCK * 4 * lanes + span * (128 + tableBytes),
  };
}
