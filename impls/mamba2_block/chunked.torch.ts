/** The block on torch, in its plain operations, and the official one. */
import { featureMatrix, featureShare } from "../blocks/random-features.js";
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import type { Options } from "../prepared.js";
import { PASSED_AT_ONCE } from "../ssd/chunked.torch.js";
import { mapProblem } from "./cpu/map-problem.js";
import { EXTRAS, featureOf, type Mamba2Block, mamba2Block, partsOf } from "./operator.js";
import { officialTorch } from "./torch/official.js";

export function scratchBytes({ dims }: Problem<Mamba2Block>, { chunk = 64 }: Options): number {
  const { batch, length, heads, headDim, state, projected, channels } = dims;
  const tokens = batch * length;
  return (
    2 * f32Bytes(tokens, projected) +
    4 * f32Bytes(tokens, channels) +
    4 * f32Bytes(tokens, heads, chunk) +
    8 * f32Bytes(tokens, heads, headDim) +
    4 * f32Bytes(Math.ceil(tokens / chunk), heads, headDim, state)
  );
}

/** Where parts of a row lie, and groups of the map. */
export function constantsOf(problem: Problem<Mamba2Block>) {
  const parts = partsOf(problem.dims, problem.settings);
  return {
    ...parts,
    mapGroups: mapProblem(problem).dims.groups,
    // of a row of inProj, what stands before dt
    own: 2 * parts.mlp + parts.z + problem.dims.channels,
    // of random features
    share: featureShare(problem.dims.state),
    features: featureOf(problem.settings) === "random" ? [...featureMatrix(problem.dims.state)] : [],
  };
}

const own = torchPeers(mamba2Block, {
  form: "chunked",
  source: "arXiv 2405.21060, section 7 and figure 6; the map by section 6 and listing 1, stable segment sums",
  file: new URL("./torch/chunked.py", import.meta.url),
  replays: ["graph", "compile"],
  takes: EXTRAS,
  chunk: (_problem, engine) => (engine.device.kind === "cpu" ? 64 : 128),
  constants: constantsOf,
  // pairs above the diagonal, and what a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  // as often as the map stores its own steps (impls/ssd/chunked.torch.ts)
  rounding: ({ dtype, dims }, { chunk = 64 }) =>
    torchRounding(dtype, Math.min(chunk, dims.length) + PASSED_AT_ONCE, 7),
  scratchBytes,
});

export const chunkedTorch = [...own, ...officialTorch];
