/** mamba_ssm's module Mamba2 on the block's own weights, where it is installed. */
import { NVIDIA } from "../../matrix-unit.js";
import type { Problem } from "../../operator.js";
import { f32Bytes, storageOf, torchPeers } from "../../peers/torch.js";
import { type Mamba2Block, mamba2Block } from "../operator.js";

/** As often as the map's kernels store (impls/ssd/torch/official.ts), and the weights of the convolution once. */
const STORED = 8;
/** f32 is multiplied in TF32, which keeps ten bits of a significand and may cut off the rest. */
const TF32 = 2 ** -10;

const shared = {
  form: "chunked",
  file: new URL("./chunked.mamba.py", import.meta.url),
  replays: ["graph", "compile"],
  // the module's default
  chunk: () => 256,
  // pairs above the diagonal are multiplied by 0
  nonFinite: { tokens: "chunk" },
  rounding: ({ dtype, dims }: Problem<Mamba2Block>, { chunk = 256 }) => ({
    accumulate: 2 ** -24,
    products: { unit: NVIDIA, terms: Math.min(dims.state, dims.modelDim, dims.inner) },
    storage: dtype === "f32" ? TF32 : storageOf(dtype),
    roundings: STORED,
    longestSum: Math.min(Number(chunk), dims.length),
    decay: "prefix" as const,
  }),
  unsupported: refusal,
  scratchBytes: ({ dims }: Problem<Mamba2Block>) => {
    const { batch, length, heads, headDim, state, projected, channels } = dims;
    const chunks = Math.ceil(length / 256);
    return (
      f32Bytes(batch, length, projected + 2 * channels + 4 * heads * headDim) +
      2 * f32Bytes(batch, chunks, heads, headDim, state)
    );
  },
  timed: ({ dtype }: Problem<Mamba2Block>) =>
    [
      "weights of the convolution in the storage type where causal_conv1d is missing",
      ...(dtype === "f32" ? ["the map's products in TF32"] : []),
    ].join("; "),
} as const;

const module = torchPeers(mamba2Block, {
  ...shared,
  make: "mamba-ssm",
  source: "mamba_ssm, modules.mamba2.Mamba2.forward over a prompt with a cache (arXiv 2405.21060)",
});

const fused = torchPeers(mamba2Block, {
  ...shared,
  make: "mamba-ssm-fused",
  source:
    "mamba_ssm, mamba_split_conv1d_scan_combined, which Mamba2.forward calls without a cache (arXiv 2405.21060)",
});

export const officialTorch = [...module, ...fused];

/** What the module has no argument for. */
function refusal({ dtype, dims, inputs, settings }: Problem<Mamba2Block>): string | undefined {
  const { modelDim, inner, groups } = dims;
  if (inputs.initialState || inputs.initialConv) return "mamba_ssm's Mamba2 begins a prompt with zeros";
  if (inner % modelDim !== 0)
    return `mamba_ssm's Mamba2 needs inner of whole times modelDim, got inner=${inner} modelDim=${modelDim}`;
  if ((inputs.inBias === undefined) !== (inputs.outBias === undefined))
    return "mamba_ssm's Mamba2 has biases of both projections or of none";
  // rounded biases would be another problem
  if (inputs.inBias && dtype !== "f32") return `mamba_ssm's Mamba2 has biases of projections in ${dtype}`;
  const { normGroups } = settings;
  return inputs.normWeight && normGroups !== 0 && normGroups !== groups
    ? `mamba_ssm's Mamba2 norms by groups, got normGroups=${normGroups} groups=${groups}`
    : undefined;
}
