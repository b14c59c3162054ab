/** The block in C: the parts' own kernels after each other in one memory, and our product of matrices. */
import { longestSum } from "../attention_decode/native/plan.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { stagesOf } from "./native/stages.js";
import { attentionBlock } from "./operator.js";

export const tiledNative = implementation(attentionBlock, "native", {
  form: "tiled",
  source:
    "arXiv 2307.08691, algorithm 1 (FlashAttention-2); arXiv 2104.09864, section 3.2.2 (rotary positions)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: ({ dims: { context }, inputs }) => f32Rounding(inputs.keys ? longestSum(context) : context),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(attentionBlock, problem);
    return engine.prepared(room, stagesOf(engine, room, threads));
  },
});
