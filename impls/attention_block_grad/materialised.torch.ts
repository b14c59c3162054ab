/** The block on torch, by autograd through its plain operations, which hold the matrix of weights. */
import { attentionScale } from "../attention/operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { attentionBlockGrad } from "./operator.js";

export const materialisedTorch = torchPeers(attentionBlockGrad, {
  form: "materialised",
  source: "torch.autograd through arXiv 1706.03762, equation (1); arXiv 2104.09864, section 3.2.2",
  file: new URL("./torch/materialised.py", import.meta.url),
  dtypes: ["f32"],
  constants: (problem) => ({ scale: attentionScale(problem) }),
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: ({ dtype, dims: { context, length, heads, groups } }) =>
    torchRounding(dtype, Math.max(context, (length * heads) / groups), 1),
  scratchBytes: ({ dims: { batch, length, context, heads, projected } }) =>
    6 * f32Bytes(batch, heads, length, context) + 12 * f32Bytes(batch, length, projected),
  timed: () => "the forward pass included: its graph is made anew in every run",
});
