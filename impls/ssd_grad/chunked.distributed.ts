/** Gradients on several processes: autograd on each segment of the sequence, states passed on, their cotangents passed back. */

import { sharded } from "../peers/distributed.js";
import { torchRounding } from "../peers/torch.js";
import { PASSED_AT_ONCE } from "../ssd/chunked.torch.js";
import { hasInfiniteDecay } from "../ssd/operator.js";
import { elementCount } from "../tensor.js";
import { passes, plus } from "../traffic.js";
import { channelSums, scratchBytes } from "./chunked.torch.js";
import { ssdGrad } from "./operator.js";

export const chunkedDistributed = sharded(ssdGrad, {
  form: "chunked",
  source: "torch.autograd through arXiv 2405.21060, section 8.2; a state's cotangent goes the way back",
  file: new URL("./distributed/sequence.py", import.meta.url),
  split: "sequence",
  passings: ["chain", "tree"],
  hasChunk: true,
  takes: ["dtBias", "A", "softplus", "limits of dt"],
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dtype, dims }, { chunk = 64 }) =>
    torchRounding(dtype, Math.min(chunk, dims.length) + PASSED_AT_ONCE, 14, channelSums(dims)),
  refuses: (problem) =>
    hasInfiniteDecay(problem)
      ? "autograd needs finite log decays: the gradient of a product with an infinite one is no number"
      : undefined,
  // states forward and cotangents backward; what all tokens share is summed over ranks
  traffic({ dims: { batch, heads, headDim, state }, inputs }, { ranks, passing }) {
    const messages = 2 * passes(ranks, passing);
    const decays = passing === "tree" ? batch * heads : 0;
    const states = messages * 4 * (batch * heads * headDim * state + decays);
    const shared = [inputs.D, inputs.dtBias, inputs.logA?.axes.length === 1 ? inputs.logA : undefined];
    const summed = shared.flatMap((source) => (source && ranks > 1 ? [elementCount(source.shape)] : []));
    return plus(
      { isend: [messages, states] },
      ...summed.map((count) => ({ all_reduce: [1, 4 * count] as const })),
    );
  },
  scratchBytes,
});
