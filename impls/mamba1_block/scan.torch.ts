/** mamba_ssm's module Mamba on the block's own weights, where it is installed with its CUDA scan. */
import { f32Bytes, storageOf, torchPeers } from "../peers/torch.js";
import { scanRoundings } from "../recurrence/associative-scan.js";
import { mamba1Block } from "./operator.js";

/** Each stage, the weights of the convolution, and the two products that make a step. */
const STORED = 6;

export const scanTorch = torchPeers(mamba1Block, {
  form: "scan",
  make: "mamba-ssm",
  source: "mamba_ssm, modules.mamba_simple.Mamba.forward over a prompt with a cache (arXiv 2312.00752)",
  file: new URL("./torch/scan.mamba.py", import.meta.url),
  replays: ["graph", "compile"],
  // as selective_scan/scan.torch.ts, which has why
  rounding: ({ dtype, dims }) => ({
    accumulate: 2 ** -23,
    storage: storageOf(dtype),
    roundings: dtype === "f32" ? 0 : STORED,
    longestSum: scanRoundings(dims.length),
    decay: "segsum",
  }),
  unsupported({ dtype, dims, inputs }) {
    const { modelDim, inner } = dims;
    if (inputs.initialState || inputs.initialConv) return "mamba_ssm's Mamba begins a prompt with zeros";
    if (inner % modelDim !== 0)
      return `mamba_ssm's Mamba needs inner of whole times modelDim, got inner=${inner} modelDim=${modelDim}`;
    // rounded biases would be another problem
    if (inputs.inBias && dtype !== "f32") return `mamba_ssm's Mamba has biases of projections in ${dtype}`;
    if (dims.state > 256) return `mamba_ssm's Mamba needs state of at most 256, got state=${dims.state}`;
    return (inputs.inBias === undefined) !== (inputs.outBias === undefined)
      ? "mamba_ssm's Mamba has biases of both projections or of none"
      : undefined;
  },
  scratchBytes: ({ dims: { batch, length, inner, projected } }) =>
    f32Bytes(batch, length, 2 * projected + 4 * inner),
  timed: ({ dtype }) => `weights of the convolution made ${dtype} before timing`,
});
