/** The chunked backward in C: states and their gradients at the borders of blocks, then every block on its own. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { STEPS } from "../ssd/operator.js";
import { BLOCK, CHUNK, chunkedPlan } from "./native/plan.js";
import { ssdGrad } from "./operator.js";

export const chunkedNative = implementation(ssdGrad, "native", {
  form: "chunked",
  takes: STEPS,
  source: "README.md, the chunked backward; arXiv 2405.21060, section 6, for the states",
  options: ({ dims }, engine) => {
    const blocks = dims.batch * dims.groups * Math.ceil(dims.length / BLOCK);
    const threads = Math.min(engine.threads, Math.max(blocks, 2 * dims.batch * dims.heads));
    return (threads > 1 ? [1, threads] : [1]).map((threads) => ({ chunk: CHUNK, threads }));
  },
  unsupported: (_problem, { chunk = CHUNK }) =>
    chunk === CHUNK ? undefined : `needs chunk=${CHUNK}, got ${chunk}`,
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: () => f32Rounding(CHUNK),
  prepare(engine, problem, { threads = 1 }) {
    const room = engine.room(ssdGrad, problem);
    return engine.prepared(room, chunkedPlan(engine, room, threads));
  },
});
