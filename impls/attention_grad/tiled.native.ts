/** FlashAttention's backward in C: blocks of 48 queries and 48 keys meet in five products, in tiles that fill the registers. */
import { attentionScale, NARROWED } from "../attention/operator.js";
import { visibleTables } from "../attention/reference/tables.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attentionGrad } from "./operator.js";

/** As native/problem.h has them. */
const BLOCK = 48;
const SEGMENT = 8 * BLOCK;

export const tiledNative = implementation(attentionGrad, "native", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 2 (FlashAttention-2, backward)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // every key adds to the same sums of a query, every query of a group to those of a key
  rounding: ({ dims }) => f32Rounding(Math.max(dims.context, (dims.length * dims.heads) / dims.groups)),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    const whole = (channels: number) => Math.ceil(channels / engine.lanes) * engine.lanes;
    const widths = whole(headDim) + whole(headDimV);
    const room = engine.room(attentionGrad, problem);
    const statistic = () => room.reserve(4 * batch * heads * length);
    return engine.prepared(room, {
      kernel: new URL("./native/tiled.c", import.meta.url),
      values: {
        scale: attentionScale(problem),
        ...visibleTables(room, problem),
        packs: room.reserve(
          4 * batch * groups * Math.ceil(context / BLOCK) * BLOCK * (headDim + headDimV + widths),
        ),
        references: statistic(),
        factors: statistic(),
        products: statistic(),
      },
      threads,
      scratchBytes: 4 * (BLOCK * (widths + whole(headDim)) + 2 * BLOCK * BLOCK + SEGMENT * widths),
    });
  },
});
