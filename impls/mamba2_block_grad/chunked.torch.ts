/** The block on torch, by autograd through its plain operations. */
import { constantsOf } from "../mamba2_block/chunked.torch.js";
import type { Problem } from "../operator.js";
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { PASSED_AT_ONCE } from "../ssd/chunked.torch.js";
import { blockOf, EXTRAS, mamba2BlockGrad } from "./operator.js";

export const chunkedTorch = torchPeers(mamba2BlockGrad, {
  form: "chunked",
  source: "torch.autograd through arXiv 2405.21060, figure 6; the map by section 6 and listing 1",
  file: new URL("./torch/chunked.py", import.meta.url),
  dtypes: ["f32"],
  takes: EXTRAS,
  chunk: (_problem, engine) => (engine.device.kind === "cpu" ? 64 : 128),
  constants: (problem) => constantsOf(blockOf(problem as Problem)),
  // pairs above the diagonal are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dtype, dims }, { chunk = 64 }) =>
    torchRounding(dtype, Math.min(chunk, dims.length) + PASSED_AT_ONCE, 1),
  scratchBytes: ({ dims }, { chunk = 64 }) => {
    const { batch, length, heads, headDim, state, projected, channels } = dims;
    const tokens = batch * length;
    return (
      6 * f32Bytes(tokens, projected) +
      12 * f32Bytes(tokens, channels) +
      10 * f32Bytes(tokens, heads, Math.min(chunk, length)) +
      24 * f32Bytes(tokens, heads, headDim) +
      8 * f32Bytes(Math.ceil(tokens / chunk), heads, headDim, state)
    );
  },
  timed: () => "the forward pass included: its graph is made anew in every run",
});
