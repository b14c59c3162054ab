/** Two products and a softmax in torch: written by hand in blocks of rows, and torch's own math backend. */

import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { type Attention, attention, attentionScale, NARROWED } from "./operator.js";

/** Rows of queries computed together on a GPU, in torch/materialised.py. */
const ROWS = 2048;

const shared = {
  form: "materialised" as const,
  file: new URL("./torch/materialised.py", import.meta.url),
  constants: (problem: Problem<Attention>) => ({ scale: attentionScale(problem) }),
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" } as const,
  // the scaled query, the scores, the weights, the output; twice more where torch scales both sides by a root
  rounding: ({ dtype, dims }: Problem<Attention>) => torchRounding(dtype, dims.context, 6, dims.headDim),
};

export const materialisedTorch = [
  ...torchPeers(attention, {
    ...shared,
    source: "arXiv 1706.03762, equation (1), hidden blocks left out",
    takes: NARROWED,
    scratchBytes: ({ dims: { batch, length, context, heads } }) =>
      3 * f32Bytes(batch, heads, Math.min(ROWS, length), context),
  }),
  ...torchPeers(attention, {
    ...shared,
    make: "math",
    source: "torch.nn.functional.scaled_dot_product_attention, math backend",
    scratchBytes: ({ dims: { batch, length, context, heads } }) =>
      3 * f32Bytes(batch, heads, length, context),
  }),
];
