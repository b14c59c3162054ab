/** The native kernel's arguments, for a problem or for the map inside of a block. */
import type { NativeRoom } from "../../engines/native/room.js";
import type { NativeEngine, Plan } from "../../engines/native.js";
import { type Attention, attentionScale } from "../operator.js";
import { visibleTables } from "../reference/tables.js";
import { isNarrowed } from "../reference/visible.js";

/** As tiled.c has them. */
const ROWS = 6;
const KEYS = 64;
/** Queries of a task: they share what they read of K and V, and enough tasks are left to even out two threads. */
const QUERIES = 16 * ROWS;

export function tiledPlan(
  { lanes }: NativeEngine,
  room: Pick<NativeRoom<Attention>, "problem" | "reserve" | "floats">,
  threads: number,
): Plan {
  const { problem } = room;
  const { batch, context, groups, headDim, headDimV } = problem.dims;
  const width = Math.ceil(headDimV / lanes) * lanes;
  // rows of V that are whole vectors and follow each other are read where they are
  const inPlace = groups === 1 && width === headDimV;
  return {
    kernel: new URL("./tiled.c", import.meta.url),
    values: {
      causal: problem.settings.causal ? 1 : 0,
      scale: attentionScale(problem) * Math.LOG2E,
      keys: room.reserve(4 * batch * groups * Math.ceil(context / KEYS) * KEYS * headDim),
      values: inPlace ? 0 : room.reserve(4 * batch * groups * context * width),
      queries: QUERIES,
      ...(isNarrowed(problem) ? visibleTables(room, problem) : { firsts: 0, ends: 0 }),
    },
    threads,
    scratchBytes: 4 * (ROWS * KEYS + QUERIES * (width + lanes + headDim + 1)),
  };
}
