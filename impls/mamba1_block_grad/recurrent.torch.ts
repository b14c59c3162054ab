/** The block on torch, by autograd through its plain operations and a loop over its tokens. */
import { CAPTURED_UP_TO, f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { mamba1BlockGrad } from "./operator.js";

export const recurrentTorch = torchPeers(mamba1BlockGrad, {
  form: "recurrent",
  source: "torch.autograd through arXiv 2312.00752, figure 3; the map by equation (2), one addcmul a token",
  file: new URL("./torch/recurrent.py", import.meta.url),
  dtypes: ["f32"],
  rounding: ({ dtype }) => torchRounding(dtype, 0, 1),
  unsupported: ({ dims: { length } }) =>
    length > CAPTURED_UP_TO
      ? `autograd keeps the state of every token: up to ${CAPTURED_UP_TO} tokens, got length=${length}`
      : undefined,
  scratchBytes: ({ dims: { batch, length, inner, state, projected } }) =>
    6 * f32Bytes(batch, length, inner, state) + 12 * f32Bytes(batch, length, projected),
  timed: () => "the forward pass included: its graph is made anew in every run",
});
