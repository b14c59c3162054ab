/** The FFT form through torch.fft: cuFFT on a GPU, MKL or pocketfft on a CPU. */
import { f32Bytes, torchPeers, torchRounding } from "../peers/torch.js";
import { convolution } from "./operator.js";

export const fftTorch = torchPeers(convolution, {
  form: "fft",
  source: "torch.fft.rfft and irfft; the kernel's transform is timed",
  file: new URL("./torch/fft.py", import.meta.url),
  replays: ["graph"],
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  // transforms in f32 whatever the storage: one rounding of the result
  rounding: ({ dtype }) => torchRounding(dtype, 0, 1),
  scratchBytes: ({ dims: { batch, length, heads, headDim } }) =>
    (2 * batch + 1) * 3 * f32Bytes(2 ** (1 + Math.ceil(Math.log2(length))), heads, headDim),
  timed: ({ dtype }) => (dtype === "f32" ? "" : "computed in f32"),
});
