/** FlashAttention's form in WebAssembly: eight queries are the lanes, eight such tiles share a task, keys and channels come in sixes. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attention, attentionScale, NARROWED } from "./operator.js";
import { visibleTables } from "./reference/tables.js";
import { isNarrowed } from "./reference/visible.js";

/** In the order of class Args in wasm/layout.as.ts; all whole numbers but `scale`. */
const fields = [
  "Q",
  "K",
  "V",
  "Y",
  "batch",
  "length",
  "context",
  "heads",
  "groups",
  "headDim",
  "headDimV",
  "causal",
  "scale",
  "keys",
  "span",
  "values",
  "rowBytes",
  "firsts",
  "ends",
] as const;

/** Tiles of eight queries in a task. */
const TILES = 8;
const QUERIES = 8 * TILES;
const KEYS = 6;
/** Key tiles of a packing task. */
const SPAN = 64;

/** Whole vectors, and no multiple of a cache line. */
function valueRowBytes(headDimV: number): number {
  const bytes = Math.ceil(headDimV / 4) * 16;
  return bytes % 64 === 0 ? bytes + 16 : bytes;
}

export const tiledWasm = implementation(attention, "wasm", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 1 (FlashAttention-2); online softmax of arXiv 2205.14135, section 3.1",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // every key adds to the same sums, one after another
  rounding: ({ dims }) => f32Rounding(dims.context),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const tiles = Math.ceil(context / KEYS);
    const room = engine.room(attention, problem);
    const scale = new Float32Array([attentionScale(problem) * Math.LOG2E]);
    const rowBytes = valueRowBytes(headDimV);
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      ...problem.dims,
      causal: problem.settings.causal ? 1 : 0,
      scale: new Int32Array(scale.buffer)[0],
      keys: room.reserve(batch * groups * tiles * headDim * KEYS * 4),
      span: SPAN,
      values: room.reserve(batch * groups * context * rowBytes),
      rowBytes,
      ...(isNarrowed(problem) ? visibleTables(room, problem) : { firsts: 0, ends: 0 }),
    });
    return engine.prepared(room, {
      kernel: new URL("./wasm/tiled.as.ts", import.meta.url),
      entries: ["pack", "attend"],
      threads,
      scratchBytes: TILES * ((headDim + 96 + 2 * KEYS + headDimV + KEYS) * 32 + 96) + 256,
      run(dispatch) {
        dispatch("pack", args.address, batch * groups * Math.ceil(tiles / SPAN));
        dispatch("attend", args.address, batch * heads * Math.ceil(length / QUERIES));
      },
    });
  },
});
