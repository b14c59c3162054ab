/** FlashAttention's backward in C: blocks of 48 queries and 48 keys meet in five products, in tiles that fill the registers. */
import { NARROWED } from "../attention/operator.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { tiledPlan } from "./native/plan.js";
import { attentionGrad } from "./operator.js";

export const tiledNative = implementation(attentionGrad, "native", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 2 (FlashAttention-2, backward)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // every key adds to the same sums of a query, every query of a group to those of a key
  rounding: ({ dims }) => f32Rounding(Math.max(dims.context, (dims.length * dims.heads) / dims.groups)),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(attentionGrad, problem);
    return engine.prepared(room, tiledPlan(engine, room, threads));
  },
});
