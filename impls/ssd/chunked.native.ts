/** The chunked form in C: tiles whose sums stay in registers, over a state that stays in the first caches. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { chunkedPlan } from "./native/chunked-plan.js";
import { CHUNK, threadsFor, vectorsOf } from "./native/plan.js";
import { STEPS, ssd } from "./operator.js";

export const chunkedNative = implementation(ssd, "native", {
  form: "chunked",
  takes: STEPS,
  source: "arXiv 2405.21060, section 6 and listing 1",
  options: (problem, engine) =>
    threadsFor(engine, problem, vectorsOf(engine)).map((threads) => ({ chunk: CHUNK, threads })),
  unsupported: (_problem, { chunk = CHUNK }) =>
    chunk === CHUNK ? undefined : `needs chunk=${CHUNK}, got ${chunk}`,
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: () => f32Rounding(CHUNK),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(ssd, problem);
    return engine.prepared(room, chunkedPlan(engine, room, threads));
  },
});
