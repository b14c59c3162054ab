/** The quadratic form in WebAssembly: masked attention in tiles, memory does not grow with the square of the length. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { STEPS, ssd } from "./operator.js";
import { argumentsOf } from "./wasm/arguments.js";
import { stepsIn } from "./wasm/steps.js";

const QUERIES = 8;
const KEYS = 6;
/** Key tiles of a packing task. */
const SPAN = 64;

export const quadraticWasm = implementation(ssd, "wasm", {
  form: "quadratic",
  takes: STEPS,
  source: "arXiv 2405.21060, equation (3) and section 3.2",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dims }) => f32Rounding(dims.length),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const tiles = Math.ceil(length / KEYS);
    const room = engine.room(ssd, problem);
    const steps = stepsIn(room);
    const args = argumentsOf(room, {
      ...steps.addresses,
      span: SPAN,
      records: room.reserve(batch * groups * tiles * state * 32),
    });
    const initial = problem.inputs.initialState ? state * (headDim + 8) * 4 : 0;
    return engine.prepared(room, {
      kernel: new URL("./wasm/quadratic.as.ts", import.meta.url),
      entries: ["steps", "pack", "outputs", "states"],
      threads,
      scratchBytes: Math.max(
        length * 4 + (2 * state + 96 + 3 * KEYS + headDim + 16) * 32 + initial + 512,
        steps.scratchBytes,
      ),
      run(dispatch) {
        steps.make(dispatch);
        dispatch("pack", args.address, batch * groups * Math.ceil(tiles / SPAN));
        dispatch("outputs", args.address, batch * heads * Math.ceil(length / QUERIES));
        dispatch("states", args.address, batch * heads);
      },
    });
  },
});
