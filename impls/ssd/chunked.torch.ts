/** The chunked form on torch: in its ops, as anyone would write it from the paper, and the official kernels. */
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import type { Options } from "../prepared.js";
import { type Ssd, STEPS, ssd } from "./operator.js";
import { officialTorch } from "./torch/official.js";

/** Chunk states that one product passes on, in torch/chunked.py. */
export const PASSED_AT_ONCE = 32;

const inTorchOps = torchPeers(ssd, {
  form: "chunked",
  source: "arXiv 2405.21060, section 6 and listing 1, stable segment sums",
  file: new URL("./torch/chunked.py", import.meta.url),
  replays: ["graph", "compile"],
  takes: STEPS,
  // a CPU pays for the masks, q^2 a chunk and head; matrix units like longer chunks
  chunk: (_problem, engine) => (engine.device.kind === "cpu" ? 64 : 128),
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  // x dt, scores, weights, their product; added, states, entering, carried; the sum
  rounding: (problem, options) =>
    torchRounding(problem.dtype, chunkOf(problem, options) + PASSED_AT_ONCE, 7, problem.dims.state),
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

export const chunkedTorch = [...inTorchOps, ...officialTorch];

function chunkOf({ dims }: Problem<Ssd>, { chunk = 64 }: Options): number {
  return Math.min(chunk, dims.length);
}
