/** Gradients on torch: by autograd through our own chunked program, and the official kernels, forward and backward. */
import { NVIDIA } from "../matrix-unit.js";
import type { Problem } from "../operator.js";
import { f32Bytes, storageOf, torchPeers, torchRounding } from "../peers/torch.js";
import type { Options } from "../prepared.js";
import { hasInfiniteDecay, STEPS } from "../ssd/operator.js";
import { type SsdGrad, ssdGrad } from "./operator.js";

const WITH_FORWARD = "the forward pass included: its graph is made anew in every run";
/** Chunk states that one product passes on, in impls/ssd/torch/chunked.py. */
const PASSED_AT_ONCE = 32;

export function scratchBytes({ dims }: Problem<SsdGrad>, { chunk = 64 }: Options): number {
  const { batch, length, heads, headDim, state } = dims;
  const tokens = batch * length * heads;
  const states = 8 * f32Bytes(Math.ceil(tokens / chunk), headDim, state);
  return 10 * f32Bytes(tokens, Math.min(chunk, length)) + 12 * f32Bytes(tokens, headDim) + states;
}

const inTorchOps = torchPeers(ssdGrad, {
  form: "chunked",
  make: "autograd",
  source: "torch.autograd through arXiv 2405.21060, section 6 and listing 1, stable segment sums",
  file: new URL("./torch/chunked.py", import.meta.url),
  takes: STEPS,
  chunk: (_problem, engine) => (engine.device.kind === "cpu" ? 64 : 128),
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dtype, dims }, { chunk = 64 }) =>
    torchRounding(dtype, Math.min(chunk, dims.length) + PASSED_AT_ONCE, 14, channelSums(dims)),
  unsupported: (problem) =>
    hasInfiniteDecay(problem)
      ? "autograd needs finite log decays: the gradient of a product with an infinite one is no number"
      : undefined,
  scratchBytes,
  timed: () => WITH_FORWARD,
});

const mamba = torchPeers(ssdGrad, {
  form: "chunked",
  make: "mamba-ssm",
  source: "mamba_ssm, mamba_chunk_scan_combined and its backward pass (Triton; arXiv 2405.21060)",
  file: new URL("./torch/chunked.mamba.py", import.meta.url),
  takes: STEPS,
  chunk: () => 256,
  // products in TF32, differences of running sums; values to storage on the way there and back
  rounding: ({ dtype, dims }, { chunk = 256 }) => ({
    accumulate: 2 ** -24,
    products: { unit: NVIDIA, terms: channelSums(dims) },
    storage: dtype === "f32" ? 2 ** -10 : storageOf(dtype),
    roundings: 12,
    longestSum: Math.min(chunk, dims.length),
    decay: "prefix",
  }),
  unsupported(problem) {
    const { logA, dt } = problem.inputs;
    if (logA?.axes.length !== 1 || !dt)
      return "mamba_ssm gives the gradient of A of a head: logA (heads) with dt";
    return hasInfiniteDecay(problem) ? "mamba_ssm needs finite log decays" : undefined;
  },
  scratchBytes: ({ dims }, { chunk = 256 }) => {
    const { batch, length, heads, headDim, state } = dims;
    return (
      4 * f32Bytes(batch, Math.ceil(length / chunk), heads, headDim, state) +
      4 * f32Bytes(batch, length, heads, headDim)
    );
  },
  timed: ({ dtype }) => (dtype === "f32" ? `${WITH_FORWARD}; products in TF32` : WITH_FORWARD),
});

/** Sums over channels, there and back, run over states or over channels of X. */
export function channelSums({
  state,
  headDim,
}: {
  readonly state: number;
  readonly headDim: number;
}): number {
  return Math.min(state, headDim);
}

export const chunkedTorch = [...inTorchOps, ...mamba];
