/** FlashAttention's form in WebAssembly: eight queries are the lanes, keys and channels come in sixes. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attention, attentionScale } from "./operator.js";

/** In the order of class Args in tiled.as.ts; all whole numbers but `scale`. */
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
] as const;

const QUERIES = 8;
const KEYS = 6;
/** Key tiles of a packing task. */
const SPAN = 64;

export const tiledWasm = implementation(attention, "wasm", {
  form: "tiled",
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
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      ...problem.dims,
      causal: problem.settings.causal ? 1 : 0,
      scale: new Int32Array(scale.buffer)[0],
      keys: room.reserve(batch * groups * tiles * headDim * 32),
      span: SPAN,
    });
    return engine.prepared(room, {
      kernel: new URL("./tiled.as.ts", import.meta.url),
      entries: ["pack", "attend"],
      threads,
      scratchBytes: (headDim + 96 + 2 * KEYS + headDimV + KEYS) * 32 + 256,
      run(dispatch) {
        dispatch("pack", args.address, batch * groups * Math.ceil(tiles / SPAN));
        dispatch("attend", args.address, batch * heads * Math.ceil(length / QUERIES));
      },
    });
  },
});
