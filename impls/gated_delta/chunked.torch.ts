/** The chunked form on torch: in its ops, as anyone would write it from the papers, and flash-linear-attention's kernels. */
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import type { Options } from "../prepared.js";
import { type GatedDelta, gatedDelta, hasChannelDecays, queryScale } from "./operator.js";
import { fla } from "./torch/fla.js";

const inTorchOps = torchPeers(gatedDelta, {
  form: "chunked",
  source: "arXiv 2412.06464, section 3.3; arXiv 2510.26692, section 3",
  file: new URL("./torch/chunked.py", import.meta.url),
  dtypes: ["f32"],
  replays: ["graph"],
  // a decay a key channel makes a tensor of n q^2 a chunk
  chunk: (problem) => (hasChannelDecays(problem) ? 16 : 32),
  constants: (problem) => ({ scale: queryScale(problem) }),
  // pairs above the diagonal are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  // what is added for the values and what is taken away for the state are each sums over a chunk of sums over a chunk
  rounding: (problem, options) => torchRounding(problem.dtype, chunkOf(problem, options) ** 2, 0),
  unsupported: (_problem, { chunk = 32 }) =>
    chunk <= 64 ? undefined : `needs chunk of at most 64, got ${chunk}`,
  scratchBytes: (problem, options) => {
    const { batch, length, heads, headDim, state } = problem.dims;
    const chunk = chunkOf(problem, options);
    const tokens = batch * length * heads;
    const pairs = f32Bytes(tokens, chunk) * (hasChannelDecays(problem) ? state : 1);
    return 4 * pairs + 3 * f32Bytes(tokens, chunk) + 6 * f32Bytes(tokens, headDim + state);
  },
});

export const chunkedTorch = [...inTorchOps, ...fla("chunked")];

function chunkOf({ dims }: Problem<GatedDelta>, { chunk = 32 }: Options): number {
  return Math.min(chunk, dims.length);
}
