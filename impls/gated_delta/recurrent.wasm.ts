/** The recurrent form in WebAssembly: each eight channels of a head take a token in two passes over their state. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { gatedDelta } from "./operator.js";
import { argumentsOf, stateBytes } from "./wasm/arguments.js";

export const recurrentWasm = implementation(gatedDelta, "wasm", {
  form: "recurrent",
  source: "arXiv 2412.06464, equation (10); arXiv 2510.26692, equation (1)",
  options: ({ dims }, engine) =>
    [...new Set([1, Math.min(engine.threads, dims.batch * dims.heads)])].map((threads) => ({ threads })),
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, heads, state } = problem.dims;
    const room = engine.room(gatedDelta, problem);
    const args = argumentsOf(room, 1);
    return engine.prepared(room, {
      kernel: new URL("./wasm/recurrent.as.ts", import.meta.url),
      entries: ["recur"],
      threads,
      scratchBytes: stateBytes(room) + 4 * (state + 4),
      run: (dispatch) => dispatch("recur", args.address, batch * heads),
    });
  },
});
