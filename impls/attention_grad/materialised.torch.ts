/** Gradients by autograd through torch's own math backend, which holds the matrix of weights. */
import { f32Bytes } from "../peers/torch.js";
import { sdpaPeers } from "./torch/peers.js";

export const materialisedTorch = sdpaPeers("materialised", {
  make: "math",
  source: "torch.autograd through scaled_dot_product_attention, math backend",
  scratchBytes: ({ dims: { batch, length, context, heads } }) => 6 * f32Bytes(batch, heads, length, context),
});
