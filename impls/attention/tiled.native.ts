/** FlashAttention's form in C: six queries and a block of 64 keys, in tiles that fill the registers. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { tiledPlan } from "./native/plan.js";
import { attention, NARROWED } from "./operator.js";

export const tiledNative = implementation(attention, "native", {
  form: "tiled",
  takes: NARROWED,
  source: "arXiv 2307.08691, algorithm 1 (FlashAttention-2); online softmax of arXiv 2205.14135, section 3.1",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // every key adds to the same sums, one after another
  rounding: ({ dims }) => f32Rounding(dims.context),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(attention, problem);
    return engine.prepared(room, tiledPlan(engine, room, threads));
  },
});
