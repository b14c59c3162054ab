/** The block on torch, in its plain operations. */
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { type SwigluBlock, swigluBlock } from "./operator.js";

export function scratchBytes({ dims }: Problem<SwigluBlock>): number {
  const { batch, length, projected } = dims;
  return 3 * f32Bytes(batch, length, projected);
}

export const fusedTorch = torchPeers(swigluBlock, {
  form: "fused",
  source: "arXiv 2002.05202 (GLU variants improve Transformer), equation (6)",
  file: new URL("./torch/fused.py", import.meta.url),
  replays: ["graph", "compile"],
  // the gate is stored twice: its SiLU, and the product
  rounding: ({ dtype }) => torchRounding(dtype, 0, 2),
  scratchBytes,
});
