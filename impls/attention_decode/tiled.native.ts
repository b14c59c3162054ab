/** One query in C: spans of the cache side by side, joined by a second, small pass. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { longestSum, tiledPlan } from "./native/plan.js";
import { attentionDecode } from "./operator.js";

export const tiledNative = implementation(attentionDecode, "native", {
  form: "tiled",
  source:
    "arXiv 2307.08691 (FlashAttention-2), spans of keys as in Flash-Decoding (Dao, Haziza, Massa, Sizov 2023)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: ({ dims: { context } }) => f32Rounding(longestSum(context)),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(attentionDecode, problem);
    return engine.prepared(room, tiledPlan(engine, room, threads));
  },
});
