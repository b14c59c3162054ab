/** FlashAttention's form as its peers ship it, forward and backward: each backend of torch by itself, and the flash_attn package. */
import type { TorchEngine } from "../engines/torch.js";
import type { Problem } from "../operator.js";
import { f32Bytes } from "../peers/torch.js";
import type { AttentionGrad } from "./operator.js";
import { sdpaPeers } from "./torch/peers.js";

const SOURCES = {
  flash:
    "torch scaled_dot_product_attention and its gradient, flash backend (FlashAttention-2, arXiv 2307.08691)",
  efficient:
    "torch scaled_dot_product_attention and its gradient, memory-efficient backend (arXiv 2112.05682)",
  cudnn: "torch scaled_dot_product_attention and its gradient, cuDNN backend",
  "flash-attn": "flash_attn of Dao-AILab and its gradient (FlashAttention-2, arXiv 2307.08691)",
} as const;
type Backend = keyof typeof SOURCES;

export const tiledTorch = (Object.keys(SOURCES) as Backend[]).flatMap((make) =>
  sdpaPeers("tiled", {
    make,
    source: SOURCES[make],
    unsupported: (problem, engine) => refusal(make, problem, engine),
    scratchBytes: ({ dims: { batch, length, heads, headDim } }) =>
      8 * f32Bytes(batch, length, heads, headDim),
  }),
);

/** What these kernels are not made for; torch would raise, or silently take another backend. */
function refusal(
  make: Backend,
  { dtype, dims }: Problem<AttentionGrad>,
  engine?: TorchEngine,
): string | undefined {
  if (make !== "efficient" && dims.headDim !== dims.headDimV)
    return `${make} needs headDimV equal to headDim`;
  if (engine === undefined || engine.device.kind === "cpu") return undefined;
  if (make !== "efficient" && dtype === "f32") return `${make} needs dtype f16 or bf16, got f32`;
  const unit = dtype === "f32" ? 4 : 8;
  return dims.headDim % unit !== 0 || dims.headDimV % unit !== 0
    ? `${make} needs headDim divisible by ${unit}, got headDim=${dims.headDim} headDimV=${dims.headDimV}`
    : undefined;
}
