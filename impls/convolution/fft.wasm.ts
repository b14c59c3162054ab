/** The FFT form in WebAssembly: the transform modulo x^n - i of negacyclic.ts with four channels in the lanes. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { twiddles } from "./cpu/negacyclic.js";
import { convolution } from "./operator.js";

/** In the order of class Args in fft.as.ts. */
const fields = ["u", "K", "Y", "batch", "length", "channels", "size", "table"] as const;

export const fftWasm = implementation(convolution, "wasm", {
  form: "fft",
  source: "Cooley and Tukey (1965), as the convolution theorem modulo x^n - i (negacyclic.ts)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, headDim } = problem.dims;
    const channels = heads * headDim;
    const size = 2 ** Math.ceil(Math.log2(length));
    const room = engine.room(convolution, problem);
    const table = room.floats(2 * size, (pairs) => {
      const { cos, sin } = twiddles(size);
      for (let i = 0; i < size; i++) pairs.set([cos[i], sin[i]], 2 * i);
    });
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      batch,
      length,
      channels,
      size,
      table,
    });
    return engine.prepared(room, {
      kernel: new URL("./wasm/fft.as.ts", import.meta.url),
      entries: ["convolve"],
      threads,
      scratchBytes: 64 * size,
      run: (dispatch) => dispatch("convolve", args.address, Math.ceil(channels / 4)),
    });
  },
});
