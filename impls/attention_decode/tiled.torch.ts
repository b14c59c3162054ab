/** One query by torch's own attention, whatever backend it picks. */
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { attentionDecode, attentionScale, firstKey } from "./operator.js";

export const tiledTorch = torchPeers(attentionDecode, {
  form: "tiled",
  make: "sdpa",
  source: "torch scaled_dot_product_attention with one query",
  file: new URL("./torch/sdpa.py", import.meta.url),
  replays: ["graph"],
  constants: (problem) => ({ scale: attentionScale(problem), first: firstKey(problem) }),
  // the query times a factor, the logits where it keeps them, the weights, the output; the efficient backend's f32 is short of f32
  rounding: ({ dtype, dims }) => {
    const usual = torchRounding(dtype, dims.context + 1, 6, dims.headDim);
    return dtype === "f32" ? { ...usual, accumulate: 2 ** -21 } : usual;
  },
  unsupported({ dtype, settings }, _options, engine) {
    if (dtype !== "f32" && settings.scale !== 0)
      return "scales half types by 1/sqrt(headDim) only: a factor of its own would round";
    // found by 9,000 random cases on torch 1.13: 33 ones average to 1.03125
    return dtype === "bf16" && engine?.device.kind === "cpu"
      ? "torch adds the products of a single bf16 row in bf16 on a CPU"
      : undefined;
  },
  scratchBytes: ({ dims: { batch, context, heads, headDim, headDimV } }) =>
    f32Bytes(batch, heads, context + 1, headDim + headDimV),
  timed: ({ dims }) =>
    `a cache with room for the new token made before timing${dims.heads === dims.groups ? "" : ", a copy a query head"}`,
});
