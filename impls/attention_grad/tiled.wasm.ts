/** FlashAttention's backward in WebAssembly: blocks of 48 queries and 48 keys, tiles of six rows and eight columns. */
import { attentionScale, NARROWED } from "../attention/operator.js";
import { visibleTables } from "../attention/reference/tables.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attentionGrad } from "./operator.js";

/** In the order of class Args in wasm/arguments.as.ts; all whole numbers but `scale` and `octaves`. */
const fields = [
  "Q",
  "K",
  "V",
  "dY",
  "dQ",
  "dK",
  "dV",
  "Y",
  "batch",
  "length",
  "context",
  "heads",
  "groups",
  "headDim",
  "headDimV",
  "scale",
  "octaves",
  "firsts",
  "ends",
  "packs",
  "references",
  "factors",
  "products",
  "round",
] as const;

/** As wasm/arguments.as.ts has them. */
const BLOCK = 48;
const SEGMENT = 8 * BLOCK;

/** The 32 bits of a float, as a word of arguments. */
const bitsOf = (value: number) => new Int32Array(new Float32Array([value]).buffer)[0];
/** Floats of a row of so many channels. */
const whole = (channels: number) => Math.ceil(channels / 8) * 8;

export const tiledWasm = implementation(attentionGrad, "wasm", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 2 (FlashAttention-2, backward)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // every key adds to the same sums of a query, every query of a group to those of a key
  rounding: ({ dims }) => f32Rounding(Math.max(dims.context, (dims.length * dims.heads) / dims.groups)),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const widths = whole(headDim) + whole(headDimV);
    const keyBlocks = Math.ceil(context / BLOCK);
    const keySegments = Math.ceil(context / SEGMENT);
    const room = engine.room(attentionGrad, problem);
    const statistic = () => room.reserve(4 * batch * heads * length);
    const scale = attentionScale(problem);
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      ...problem.dims,
      scale: bitsOf(scale),
      octaves: bitsOf(scale * Math.LOG2E),
      ...visibleTables(room, problem),
      packs: room.reserve(4 * batch * groups * keyBlocks * BLOCK * (headDim + headDimV + widths)),
      references: statistic(),
      factors: statistic(),
      products: statistic(),
      round: 0,
    });
    const floats =
      BLOCK * (headDim + headDimV + widths + whole(headDim) + 3 * BLOCK + 4 + 5) + SEGMENT * widths + 8;
    return engine.prepared(room, {
      kernel: new URL("./wasm/tiled.as.ts", import.meta.url),
      entries: ["pack", "attend", "goBack"],
      threads,
      scratchBytes: 64 + 4 * floats,
      run(dispatch) {
        dispatch("pack", args.address, batch * groups * keyBlocks);
        dispatch("attend", args.address, batch * heads * Math.ceil(length / BLOCK));
        const rounds = Math.max(keySegments, Math.ceil(length / SEGMENT));
        for (let round = 0; round < rounds; round++) {
          args.set("round", round);
          dispatch("goBack", args.address, batch * groups * keySegments);
        }
      },
    });
  },
});
