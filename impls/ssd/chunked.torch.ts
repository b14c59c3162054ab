/** The chunked form in torch ops, as anyone would write it from the paper: the peer of our own chunked forms. */

import type { Options } from "../implementation.js";
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../torch-peer.js";
import { type Ssd, ssd } from "./operator.js";

/** Chunk states that one product passes on, in chunked.torch.py. */
const PASSED_AT_ONCE = 32;

export const chunkedTorch = torchPeers(ssd, {
  form: "chunked",
  source: "arXiv 2405.21060, section 6 and listing 1, stable segment sums",
  file: new URL("./chunked.torch.py", import.meta.url),
  replays: ["graph", "compile"],
  // a CPU pays for the masks, q^2 a chunk and head; matrix units like longer chunks
  chunk: (_problem, engine) => (engine.device.kind === "cpu" ? 64 : 128),
  // x dt, scores, weights, their product; added, states, entering, carried; the sum
  rounding: (problem, options) => torchRounding(problem.dtype, chunkOf(problem, options) + PASSED_AT_ONCE, 7),
  scratchBytes: (problem, options) => {
    const { batch, length, heads, headDim, state } = problem.dims;
    const chunk = chunkOf(problem, options);
    const tokens = batch * length * heads;
    return (
      4 * f32Bytes(tokens, chunk) +
      5 * f32Bytes(tokens, headDim) +
      4 * f32Bytes(tokens / chunk, headDim, state)
    );
  },
});

function chunkOf({ dims }: Problem<Ssd>, { chunk = 64 }: Options): number {
  return Math.min(chunk, dims.length);
}
