/** The block on torch, by autograd through its plain operations. */
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { swigluBlockGrad } from "./operator.js";

export const fusedTorch = torchPeers(swigluBlockGrad, {
  form: "fused",
  source: "torch.autograd through arXiv 2002.05202 (GLU variants improve Transformer), equation (6)",
  file: new URL("./torch/fused.py", import.meta.url),
  dtypes: ["f32"],
  rounding: ({ dtype }) => torchRounding(dtype, 0, 1),
  scratchBytes: ({ dims: { batch, length, projected } }) => 8 * f32Bytes(batch, length, projected),
  timed: () => "the forward pass included: its graph is made anew in every run",
});
