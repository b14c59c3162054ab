/** The block on torch, in its plain operations. */
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { type Mamba1Block, mamba1Block } from "./operator.js";

/** Elements of states that a block of tokens holds on a GPU, in impls/selective_scan/torch/recurrent.py. */
const BLOCK = 2 ** 24;

export function scratchBytes({ dims }: Problem<Mamba1Block>): number {
  const { batch, length, inner, state, projected } = dims;
  const tokens = batch * length;
  const states = Math.min(tokens * inner * state, BLOCK);
  return 3 * f32Bytes(states) + 2 * f32Bytes(tokens, projected) + 8 * f32Bytes(tokens, inner);
}

export const recurrentTorch = torchPeers(mamba1Block, {
  form: "recurrent",
  source: "arXiv 2312.00752, section 3.4 and figure 3; the map by equation (2), one addcmul a token",
  file: new URL("./torch/recurrent.py", import.meta.url),
  // each stage is stored once
  rounding: ({ dtype }) => torchRounding(dtype, 0, 1),
  scratchBytes,
});
