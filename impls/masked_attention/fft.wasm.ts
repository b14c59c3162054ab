/** The linear order under a Toeplitz mask in WebAssembly: the convolution's transform, four channels in the lanes. */
import { f32Rounding } from "../bound.js";
import { twiddles } from "../convolution/cpu/negacyclic.js";
import { implementation } from "../implementation.js";
import { maskedAttention } from "./operator.js";
import { argumentsOf, threadOptions } from "./wasm/arguments.js";

export const fftWasm = implementation(maskedAttention, "wasm", {
  form: "fft",
  source:
    "arXiv 2405.21060, definition 4.1 (structured masked attention), linear mode: Z, H, Y; H by the convolution theorem",
  options: threadOptions,
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  rounding: () => ({ ...f32Rounding(0), transform: true }),
  unsupported: ({ inputs }) =>
    inputs.m && !inputs.logA ? undefined : "needs a Toeplitz mask: m, and no logA beside it",
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, headDimV } = problem.dims;
    const points = 2 ** Math.ceil(Math.log2(length));
    const parts = Math.ceil(headDimV / 4);
    const room = engine.room(maskedAttention, problem);
    const table = room.floats(2 * points, (pairs) => {
      const { cos, sin } = twiddles(points);
      for (let i = 0; i < points; i++) pairs.set([cos[i], sin[i]], 2 * i);
    });
    const args = argumentsOf(room, { points, table, parts });
    return engine.prepared(room, {
      kernel: new URL("./wasm/fft.as.ts", import.meta.url),
      entries: ["transform"],
      threads,
      // the mask's spectrum, a signal's, and four channels of the output
      scratchBytes: 64 * points + 16 * length,
      run: (dispatch) => dispatch("transform", args.address, batch * heads * parts),
    });
  },
});
