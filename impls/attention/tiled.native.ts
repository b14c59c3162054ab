/** FlashAttention's form in C: six queries and a block of 64 keys, in tiles that fill the registers. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attention, attentionScale, NARROWED } from "./operator.js";
import { visibleTables } from "./reference/tables.js";
import { isNarrowed } from "./reference/visible.js";

/** As tiled.c has them. */
const ROWS = 6;
const KEYS = 64;
/** Queries of a task: they share what they read of K and V, and enough tasks are left to even out two threads. */
const QUERIES = 16 * ROWS;

export const tiledNative = implementation(attention, "native", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 1 (FlashAttention-2); online softmax of arXiv 2205.14135, section 3.1",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // every key adds to the same sums, one after another
  rounding: ({ dims }) => f32Rounding(dims.context),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, context, groups, headDim, headDimV } = problem.dims;
    const { lanes } = engine;
    const width = Math.ceil(headDimV / lanes) * lanes;
    const room = engine.room(attention, problem);
    // rows of V that are whole vectors and follow each other are read where they are
    const inPlace = groups === 1 && width === headDimV;
    return engine.prepared(room, {
      kernel: new URL("./native/tiled.c", import.meta.url),
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
    });
  },
});
