/** One query in WebAssembly: spans of the cache side by side, joined by a second, small pass. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { attentionDecode, attentionScale, firstKey } from "./operator.js";

/** In the order of class Args in tiled.as.ts; all whole numbers but `scale`. */
const fields = [
  ...["Q", "K", "V", "k", "v", "Y"],
  ...["context", "heads", "groups", "headDim", "headDimV"],
  ...["first", "spans", "span", "scale", "parts"],
];

/** Keys of a span: the scores of all heads stay in the second cache. */
const SPAN = 512;

export const tiledWasm = implementation(attentionDecode, "wasm", {
  form: "tiled",
  source:
    "arXiv 2307.08691 (FlashAttention-2), spans of keys as in Flash-Decoding (Dao, Haziza, Massa, Sizov 2023)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // a span's keys one after another, then the spans, each shrunk once
  rounding: ({ dims: { context } }) => f32Rounding(Math.min(context, SPAN) + 5 * Math.ceil(context / SPAN)),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, context, heads, headDim, headDimV } = problem.dims;
    const first = firstKey(problem);
    const spans = Math.ceil((context - first) / SPAN);
    const padded = (channels: number) => Math.ceil(channels / 4) * 4;
    const room = engine.room(attentionDecode, problem);
    const scale = new Float32Array([attentionScale(problem) * Math.LOG2E]);
    const args = room.words(fields, {
      ...room.address,
      ...problem.dims,
      first,
      spans,
      span: SPAN,
      scale: new Int32Array(scale.buffer)[0],
      parts: room.reserve(4 * batch * heads * spans * (4 + padded(headDimV))),
    } as Record<string, number>);
    return engine.prepared(room, {
      kernel: new URL("./wasm/tiled.as.ts", import.meta.url),
      entries: ["attend", "join"],
      threads,
      scratchBytes: 4 * heads * (padded(headDim) + SPAN),
      run(dispatch) {
        if (spans > 0) dispatch("attend", args.address, batch * spans);
        dispatch("join", args.address, batch * heads);
      },
    });
  },
});
