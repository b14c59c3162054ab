/** One query in torch ops. */
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { attentionDecode, attentionScale, firstKey } from "./operator.js";

export const materialisedTorch = torchPeers(attentionDecode, {
  form: "materialised",
  source: "arXiv 1706.03762, equation (1), in torch ops",
  file: new URL("./torch/materialised.py", import.meta.url),
  replays: ["graph"],
  constants: (problem) => ({ scale: attentionScale(problem), first: firstKey(problem) }),
  // computed in f32 and stored once; on a GPU a product may be on matrix units
  rounding: ({ dtype, dims }) => torchRounding(dtype, dims.context + 1, 1, dims.headDim),
  scratchBytes: ({ dims: { batch, context, heads, groups, headDim, headDimV } }) =>
    f32Bytes(batch, context, groups, headDim + headDimV) + 3 * f32Bytes(batch, heads, context),
  timed: ({ dtype }) => (dtype === "f32" ? "" : "computed in f32"),
});
