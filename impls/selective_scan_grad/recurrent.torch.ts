/** Gradients by autograd through a loop of torch ops: one addcmul a token, forwards and backwards. */
import { CAPTURED_UP_TO, f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { selectiveScanGrad } from "./operator.js";

export const recurrentTorch = torchPeers(selectiveScanGrad, {
  form: "recurrent",
  make: "autograd",
  takes: ["documents"],
  source: "torch.autograd through arXiv 2312.00752, equation (2); one addcmul a token",
  file: new URL("./torch/recurrent.py", import.meta.url),
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dtype }) => torchRounding(dtype, 0, 2),
  unsupported: ({ dims: { length } }) =>
    length > CAPTURED_UP_TO
      ? `autograd keeps the state of every token: up to ${CAPTURED_UP_TO} tokens, got length=${length}`
      : undefined,
  scratchBytes: ({ dims: { batch, length, heads, headDim, state } }) =>
    6 * f32Bytes(batch, length, heads, headDim, state),
  timed: () => "the forward pass included: its graph is made anew in every run",
});
