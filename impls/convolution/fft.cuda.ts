/** The FFT form by cuFFT, as the paper's figure had it: real transforms in f32, whatever the storage. */
import { ROUNDOFF } from "../bound.js";
import { implementation } from "../implementation.js";
import { channelsTogether, paddedLength } from "./cuda/plan.js";
import { prepareFft } from "./cuda/prepare.js";
import { convolution } from "./operator.js";

/** Complex numbers that a library's transform reads and writes in memory. */
const LONGEST = 2 ** 27;

export const fftCuda = implementation(convolution, "cuda", {
  form: "fft",
  source: "cuFFT: real transforms of rows padded to small factors; the kernel's transform is timed",
  dtypes: ["f32", "f16", "bf16"],
  absent: async (engine) => engine.transformsLack(),
  // one rounding of the result: transforms in f16 would take powers of two only and overflow at a sum of 65,504
  nonFinite: { tokens: "row" },
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    roundings: dtype === "f32" ? 0 : 1,
    longestSum: 0,
    decay: "segsum",
  }),
  unsupported: ({ dims: { length } }) =>
    length > LONGEST ? `needs length up to ${LONGEST}, got ${length}` : undefined,
  prepare: (engine, problem) => prepareFft(engine, problem),
  timed: ({ dtype }) => (dtype === "f32" ? "" : "computed in f32"),
  cost: (problem) => {
    const { batch, length, heads, headDim } = problem.dims;
    const channels = heads * headDim;
    const padded = paddedLength(length);
    const parts = channels / channelsTogether(channels, padded);
    const { flops, bytes } = convolution.cost(problem);
    // rows written, transformed, multiplied, transformed back, read; the kernels' written, transformed and read for each batch entry
    const rows = 4 * padded * channels;
    return { flops, bytes: bytes + rows * (8 * batch + 3 + batch), dispatches: parts * (2 + 5 * batch) };
  },
});
