/** The quadratic order in WebAssembly: four rows of scores at a time, times the mask, times the values. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { maskedAttention } from "./operator.js";
import { argumentsOf, threadOptions } from "./wasm/arguments.js";

/** Rows that a task takes: it makes the mask's part of its first row anew. */
const SPAN = 64;

export const quadraticWasm = implementation(maskedAttention, "wasm", {
  form: "quadratic",
  source: "arXiv 2405.21060, definition 4.1 (structured masked attention), quadratic mode: G, M, Y",
  options: threadOptions,
  rounding: ({ dims }) => f32Rounding(dims.length),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads } = problem.dims;
    const parts = Math.ceil(length / SPAN);
    const room = engine.room(maskedAttention, problem);
    const args = argumentsOf(room, { parts });
    return engine.prepared(room, {
      kernel: new URL("./wasm/quadratic.as.ts", import.meta.url),
      entries: ["rows"],
      threads,
      // of each token: weights of four rows, the decay up to the first of them, and the mask's diagonals behind three zeros
      scratchBytes: 16 * (length + 4) + 8 * (length + 4) + 4 * (length + 8),
      run: (dispatch) => dispatch("rows", args.address, batch * heads * parts),
    });
  },
});
