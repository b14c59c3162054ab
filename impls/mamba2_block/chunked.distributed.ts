/** The block on several processes: by heads and groups, or by segments of the sequence. */

import type { Problem } from "../operator.js";
import { type Sharding, sharded, sumRounding } from "../peers/distributed.js";
import { torchRounding } from "../peers/torch.js";
import { PASSED_AT_ONCE } from "../ssd/chunked.torch.js";
import { passes, plus } from "../traffic.js";
import { constantsOf, scratchBytes } from "./chunked.torch.js";
import { type Mamba2Block, mamba2Block, partsOf } from "./operator.js";

const longestSum = ({ dims }: Problem<Mamba2Block>, { chunk = 64 }: Sharding) =>
  Math.min(chunk, dims.length) + PASSED_AT_ONCE;

const shared = {
  form: "chunked" as const,
  hasChunk: true as const,
  graph: true as const,
  nonFinite: { tokens: "chunk", borders: true } as const,
  scratchBytes,
};

const byTensor = sharded(mamba2Block, {
  ...shared,
  source:
    "arXiv 2405.21060, section 8.1 (tensor parallelism): groups and their norms stay together, one sum a block",
  file: new URL("./distributed/tensor.py", import.meta.url),
  split: "tensor",
  takes: ["documents", "feature maps"],
  constants(problem, { ranks }) {
    const { mlp, z, x, B, C } = partsOf(problem.dims, problem.settings);
    const { heads, groups, inner, channels } = problem.dims;
    const part = {
      heads: heads / ranks,
      groups: groups / ranks,
      inner: inner / ranks,
      channels: channels / ranks,
    };
    const local = { ...problem, dims: { ...problem.dims, ...part } };
    return { ...constantsOf(local), whole: [mlp, z, x, B, C] };
  },
  rounding: (problem, options) =>
    sumRounding(torchRounding(problem.dtype, longestSum(problem, options), 7), options.ranks),
  refuses({ dims, settings }, ranks) {
    const { groups, heads, headDim, inner } = dims;
    const normGroups = settings.normGroups || groups;
    const mlp = inner - heads * headDim;
    if (groups % ranks !== 0) return `needs groups divisible by ranks=${ranks}, got groups=${groups}`;
    if (normGroups % ranks !== 0)
      return `needs groups of the norm divisible by ranks=${ranks}, got normGroups=${normGroups}`;
    return mlp % ranks === 0 ? undefined : `needs an MLP divisible by ranks=${ranks}, got ${mlp} channels`;
  },
  traffic: ({ dims: { batch, length, modelDim } }, { ranks }, moved) =>
    ranks === 1 ? {} : { all_reduce: [1, batch * length * modelDim * moved] },
});

const bySequence = sharded(mamba2Block, {
  ...shared,
  source: "arXiv 2405.21060, section 8.2 (sequence parallelism)",
  file: new URL("./distributed/sequence.py", import.meta.url),
  split: "sequence",
  passings: ["chain", "tree"],
  takes: ["sequential projections", "head patterns", "feature maps"],
  constants: constantsOf,
  rounding: (problem, options) => torchRounding(problem.dtype, longestSum(problem, options), 7),
  // the convolution's last inputs go to the next segment; states as in ssd
  traffic({ dims, dtype }, { ranks, passing }) {
    const { batch, heads, headDim, state, channels, past } = dims;
    const borders = past === 0 ? 0 : ranks - 1;
    const states = passes(ranks, passing);
    const decays = passing === "tree" ? batch * heads : 0;
    return plus(
      { isend: [borders, borders * batch * channels * past * (dtype === "f32" ? 4 : 2)] },
      { isend: [states, states * 4 * (batch * heads * headDim * state + decays)] },
    );
  },
});

export const chunkedDistributed = [bySequence, byTensor];
