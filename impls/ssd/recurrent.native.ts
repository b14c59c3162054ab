/** The recurrent form in C: some tokens a pass over the state of two vectors of channels, which stays in the first cache. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { threadsFor } from "./native/plan.js";
import { RECURRENT_VECTORS, recurrentPlan } from "./native/recurrent-plan.js";
import { STEPS, ssd } from "./operator.js";

export const recurrentNative = implementation(ssd, "native", {
  form: "recurrent",
  takes: STEPS,
  source: "arXiv 2405.21060, equation (1)",
  options: (problem, engine) =>
    threadsFor(engine, problem, RECURRENT_VECTORS).map((threads) => ({ threads })),
  // four tokens a pass on a state that is scaled: what stands before a document moves its last bits, and so do the decays of the
  // pass's later tokens, which decide whether the state may keep its scale
  withinBounds: ["packed-documents", "causality"],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(ssd, problem);
    return engine.prepared(room, recurrentPlan(engine, room, threads));
  },
});
