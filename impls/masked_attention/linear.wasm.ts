/** The linear order in WebAssembly: the state of eight channels stays in the first cache, the time loop is the only sequential part. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { maskedAttention } from "./operator.js";
import { argumentsOf, threadOptions } from "./wasm/arguments.js";

/** Channels of a slice, as linear.as.ts has it. */
const SLICE = 8;

export const linearWasm = implementation(maskedAttention, "wasm", {
  form: "linear",
  source:
    "arXiv 2405.21060, definition 4.1 (structured masked attention), linear mode: Z, H, Y; H by the recurrence",
  options: threadOptions,
  // without a decay the state is a sum over all tokens
  rounding: ({ dims }) => f32Rounding(dims.length),
  unsupported: ({ inputs }) =>
    inputs.m ? "needs a 1-semiseparable mask (no m): a Toeplitz one has no state of fixed size" : undefined,
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, heads, headDim, headDimV } = problem.dims;
    const parts = Math.ceil(headDimV / SLICE);
    const room = engine.room(maskedAttention, problem);
    const args = argumentsOf(room, { parts });
    return engine.prepared(room, {
      kernel: new URL("./wasm/linear.as.ts", import.meta.url),
      entries: ["walk"],
      threads,
      scratchBytes: 4 * SLICE * headDim,
      run: (dispatch) => dispatch("walk", args.address, batch * heads * parts),
    });
  },
});
