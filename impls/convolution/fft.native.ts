/** The FFT form in C: the transform modulo x^n - i of negacyclic.ts with a channel in each lane. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { twiddles } from "./cpu/negacyclic.js";
import { convolution } from "./operator.js";

/** Numbers of the buffer of fft.c, in vectors of 4 bytes a lane: 16 KiB. */
const BUFFER_BYTES = 16 << 10;

export const fftNative = implementation(convolution, "native", {
  form: "fft",
  source: "Cooley and Tukey (1965), as the convolution theorem modulo x^n - i (negacyclic.ts)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const { length, heads, headDim } = problem.dims;
    const size = 2 ** Math.ceil(Math.log2(length));
    const room = engine.room(convolution, problem);
    const table = room.floats(2 * size, (pairs) => {
      const { cos, sin } = twiddles(size);
      for (let i = 0; i < size; i++) pairs.set([cos[i], sin[i]], 2 * i);
    });
    return engine.prepared(room, {
      kernel: new URL("./native/fft.c", import.meta.url),
      values: { channels: heads * headDim, size, table },
      threads,
      scratchBytes: 16 * engine.lanes * size + BUFFER_BYTES,
    });
  },
});
