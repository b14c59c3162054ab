/** The block on torch, in its plain operations. */
import { attentionScale } from "../attention/operator.js";
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { type AttentionBlock, attentionBlock } from "./operator.js";

/** Rows of queries computed together on a GPU, in impls/attention/torch/materialised.py. */
const ROWS = 2048;

export function scratchBytes({ dims }: Problem<AttentionBlock>): number {
  const { batch, length, context, heads, projected } = dims;
  return 3 * f32Bytes(batch, heads, Math.min(ROWS, length), context) + 4 * f32Bytes(batch, length, projected);
}

export const materialisedTorch = torchPeers(attentionBlock, {
  form: "materialised",
  source:
    "arXiv 1706.03762, equation (1), hidden blocks left out; arXiv 2104.09864, section 3.2.2 (rotary positions)",
  file: new URL("./torch/materialised.py", import.meta.url),
  replays: ["graph"],
  constants: (problem) => ({ scale: attentionScale(problem) }),
  // the scaled query, the scores, the weights, the output
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: ({ dtype, dims }) => torchRounding(dtype, dims.context, 4),
  scratchBytes,
});
