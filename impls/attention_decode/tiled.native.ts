/** One query in C: spans of the cache side by side, joined by a second, small pass. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attentionDecode, attentionScale, firstKey } from "./operator.js";

/** Keys of a span, as in tiled.c. */
const SPAN = 512;

export const tiledNative = implementation(attentionDecode, "native", {
  form: "tiled",
  source:
    "arXiv 2307.08691 (FlashAttention-2), spans of keys as in Flash-Decoding (Dao, Haziza, Massa, Sizov 2023)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // a span's keys one after another, then the spans, each shrunk once
  rounding: ({ dims: { context } }) => f32Rounding(Math.min(context, SPAN) + 5 * Math.ceil(context / SPAN)),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, context, heads, headDim, headDimV } = problem.dims;
    const { lanes } = engine;
    const first = firstKey(problem);
    const spans = Math.ceil((context - first) / SPAN);
    const padded = (channels: number) => Math.ceil(channels / lanes) * lanes;
    const room = engine.room(attentionDecode, problem);
    return engine.prepared(room, {
      kernel: new URL("./native/tiled.c", import.meta.url),
      values: {
        first,
        spans,
        scale: attentionScale(problem) * Math.LOG2E,
        parts: room.reserve(4 * batch * heads * spans * (lanes + padded(headDimV))),
      },
      threads,
      scratchBytes: 4 * heads * (padded(headDim) + SPAN),
    });
  },
});
