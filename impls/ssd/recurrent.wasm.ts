/** The recurrent form in WebAssembly: the state of eight channels stays in the first cache, two tokens a pass. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { STEPS_AND_STATES, ssd } from "./operator.js";
import { argumentsOf, WIDTH } from "./wasm/arguments.js";
import { stepsIn } from "./wasm/steps.js";

/** Up to so many tokens the states are used too rarely to be worth a layout of their own. */
const DECODE_LENGTH = 3;
/** States that walk together: they stay in the second cache. */
const STATE_BUDGET = 256 << 10;

export const recurrentWasm = implementation(ssd, "wasm", {
  form: "recurrent",
  takes: STEPS_AND_STATES,
  source: "arXiv 2405.21060, equation (1)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, headDim, state } = problem.dims;
    const decode = length <= DECODE_LENGTH && !problem.dims.documents;
    const units = decode ? heads : heads * Math.ceil(headDim / WIDTH);
    const most = decode ? units : Math.max(1, Math.floor(STATE_BUDGET / (state * 32)));
    // Four runs a thread even out what other programs take from one of them.
    const span = Math.max(
      1,
      Math.min(most, units, threads === 1 ? units : Math.ceil((units * batch) / (4 * threads))),
    );
    const room = engine.room(ssd, problem);
    const steps = stepsIn(room);
    const args = argumentsOf(room, { ...steps.addresses, span });
    const tasks = batch * Math.ceil(units / span);
    return engine.prepared(room, {
      kernel: new URL("./wasm/recurrent.as.ts", import.meta.url),
      entries: ["steps", "clearDocuments", "recur", "decode"],
      threads,
      scratchBytes: Math.max(decode ? 0 : span * state * 32 + 64 * (32 + 16 + 32), steps.scratchBytes),
      run(dispatch) {
        steps.make(dispatch);
        if (problem.dims.documents) dispatch("clearDocuments", args.address, batch * heads);
        dispatch(decode ? "decode" : "recur", args.address, tasks);
      },
    });
  },
});
