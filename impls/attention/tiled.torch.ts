/** FlashAttention's form as its peers ship it: each backend of torch by itself, and the flash_attn package. */
import type { TorchEngine } from "../engines/torch.js";
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { type Attention, attention, attentionScale, NARROWED } from "./operator.js";

const SOURCES = {
  flash: "torch scaled_dot_product_attention, flash backend (FlashAttention-2, arXiv 2307.08691)",
  efficient: "torch scaled_dot_product_attention, memory-efficient backend (arXiv 2112.05682)",
  cudnn: "torch scaled_dot_product_attention, cuDNN backend",
  "flash-attn": "flash_attn of Dao-AILab (FlashAttention-2, arXiv 2307.08691)",
} as const;
type Backend = keyof typeof SOURCES;

export const tiledTorch = (Object.keys(SOURCES) as Backend[]).flatMap((backend) =>
  torchPeers(attention, {
    form: "tiled",
    source: SOURCES[backend],
    file: new URL("./torch/tiled.py", import.meta.url),
    make: backend,
    takes: backend === "flash-attn" ? NARROWED : [],
    replays: ["graph"],
    constants: (problem) => ({ scale: attentionScale(problem) }),
    // hidden weights of a tile are 0 and are multiplied all the same: NaN in V at token 200 shows from row 192 or 128 on (H100)
    nonFinite: { tokens: 128 },
    // the weights and the output; CUTLASS multiplies f32 as sums of TF32 products (OpMultiplyAddFastF32): engines/README.md, "Matrix units"
    rounding: ({ dtype, dims }) => {
      const usual = torchRounding(dtype, dims.context, 6, dims.headDim);
      return backend === "efficient" && dtype === "f32" ? { ...usual, accumulate: 2 ** -21 } : usual;
    },
    unsupported: (problem, _options, engine) => refusal(backend, problem, engine),
    scratchBytes: ({ dims: { batch, length, heads, headDim } }) =>
      2 * f32Bytes(batch, length, heads, headDim),
    timed: ({ dims, inputs }) =>
      [
        dims.heads === dims.groups
          ? ""
          : "keys and values repeated before timing where a backend takes no grouped heads",
        inputs.documents ? "borders of documents (cu_seqlens) made before timing" : "",
      ]
        .filter(Boolean)
        .join("; "),
  }),
);

/** What these kernels are not made for; torch would raise, or silently take another backend. */
function refusal(backend: Backend, problem: Problem<Attention>, engine?: TorchEngine): string | undefined {
  const { dtype, dims } = problem;
  if (backend === "flash-attn" && unlike(problem)) return unlike(problem);
  if (backend !== "efficient" && dims.headDim !== dims.headDimV)
    return `${backend} needs headDimV equal to headDim`;
  if (engine === undefined || engine.device.kind === "cpu") return undefined;
  if (backend !== "efficient" && dtype === "f32") return `${backend} needs dtype f16 or bf16, got f32`;
  if (dims.headDim > 256 && backend !== "efficient")
    return `${backend} needs headDim of at most 256, got headDim=${dims.headDim}`;
  const unit = dtype === "f32" ? 4 : 8;
  if (dims.headDim % unit !== 0 || dims.headDimV % unit !== 0)
    return `${backend} needs headDim divisible by ${unit}, got headDim=${dims.headDim} headDimV=${dims.headDimV}`;
  return undefined;
}

/** flash_attn counts a window from the last key and query, we from the first. */
function unlike({ dims, settings }: Problem<Attention>): string | undefined {
  return settings.window > 0 && dims.length !== dims.context
    ? `flash_attn counts a window from the last key, context=${dims.context} length=${dims.length} give others`
    : undefined;
}
