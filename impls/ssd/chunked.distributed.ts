/** The chunked form on several processes: segments of the sequence, whose states are passed on. */

import { sharded } from "../peers/distributed.js";
import { f32Bytes, torchRounding } from "../peers/torch.js";
import { passes } from "../traffic.js";
import { PASSED_AT_ONCE } from "./chunked.torch.js";
import { ssd } from "./operator.js";

export const chunkedDistributed = sharded(ssd, {
  form: "chunked",
  source: "arXiv 2405.21060, section 8.2 (sequence parallelism), around section 6 and listing 1",
  file: new URL("./distributed/chunked.py", import.meta.url),
  split: "sequence",
  graph: true,
  passings: ["chain", "tree"],
  hasChunk: true,
  // a document's border needs the token before, which another rank has
  takes: ["dtBias", "A", "softplus", "limits of dt"],
  nonFinite: { tokens: "chunk", borders: true },
  // states stay in f32 between ranks: a hop is one more border of chunks
  rounding: ({ dtype, dims }, { chunk = 64 }) =>
    torchRounding(dtype, Math.min(chunk, dims.length) + PASSED_AT_ONCE, 7, dims.state),
  // the state that leaves a segment; in a tree with the log decay of what it has come through
  traffic({ dims: { batch, heads, headDim, state } }, { ranks, passing }) {
    const messages = passes(ranks, passing);
    const decays = passing === "tree" ? batch * heads : 0;
    return { isend: [messages, messages * 4 * (batch * heads * headDim * state + decays)] };
  },
  scratchBytes: ({ dims: { batch, length, heads, headDim, state } }, { chunk = 64 }) => {
    const tokens = batch * length * heads;
    return (
      4 * f32Bytes(tokens, Math.min(chunk, length)) +
      6 * f32Bytes(tokens, headDim) +
      5 * f32Bytes(tokens / Math.min(chunk, length), headDim, state)
    );
  },
});
