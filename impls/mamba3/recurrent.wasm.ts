/** The recurrent form in WebAssembly: a block of tokens is turned ahead, then each eight channels take it two tokens a pass. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { WIDTH } from "../ssd/wasm/arguments.js";
import { mamba3 } from "./operator.js";
import { argumentsOf, turnScratchBytes, WEIGHTS_SPAN } from "./wasm/arguments.js";

/** Tokens that are turned ahead. */
const BLOCK = 64;

export const recurrentWasm = implementation(mamba3, "wasm", {
  form: "recurrent",
  source: "arXiv 2603.15569: the trapezoidal recurrence with rotated states",
  options: ({ dims }, engine) =>
    [...new Set([1, Math.min(engine.threads, dims.batch * dims.heads)])].map((threads) => ({ threads })),
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, headDim, state } = problem.dims;
    const room = engine.room(mamba3, problem);
    const { args } = argumentsOf(room, 0);
    const states = Math.ceil(headDim / WIDTH) * state * 32;
    // turned rows, factors, weighted values and outputs of a block
    const rows = BLOCK * (2 * state * 4 + 3 * 32);
    return engine.prepared(room, {
      kernel: new URL("./wasm/recurrent.as.ts", import.meta.url),
      entries: ["weigh", "begin", "recur"],
      threads,
      scratchBytes: states + rows + turnScratchBytes(state),
      run(dispatch) {
        dispatch("weigh", args.address, batch * Math.ceil(length / WEIGHTS_SPAN));
        dispatch("begin", args.address, batch * heads);
        dispatch("recur", args.address, batch * heads);
      },
    });
  },
});
