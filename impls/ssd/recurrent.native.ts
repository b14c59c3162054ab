/** The recurrent form in C: some tokens a pass over the state of two vectors of channels, which stays in the first cache. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { planOf, threadsFor } from "./native/plan.js";
import { STEPS, ssd } from "./operator.js";

/** As recurrent.c and sequence.h have them. */
const VECTORS = 2;
const BLOCK = 128;
const MOST_TOKENS = 4;

export const recurrentNative = implementation(ssd, "native", {
  form: "recurrent",
  takes: STEPS,
  source: "arXiv 2405.21060, equation (1)",
  options: (problem, engine) => threadsFor(engine, problem, VECTORS).map((threads) => ({ threads })),
  // four tokens a pass on a state that is scaled: what stands before a document moves its last bits, and so do the decays of the
  // pass's later tokens, which decide whether the state may keep its scale
  withinBounds: ["packed-documents", "causality"],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const work = 2 * BLOCK + MOST_TOKENS * VECTORS * engine.lanes + problem.dims.state;
    const room = engine.room(ssd, problem);
    const kernel = new URL("./native/recurrent.c", import.meta.url);
    return engine.prepared(room, planOf(engine, room, { kernel, vectors: VECTORS, work }, threads));
  },
});
