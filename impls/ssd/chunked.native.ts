/** The chunked form in C: tiles of 4 rows by 4 vectors over a state that stays in the first caches. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { skipOf } from "./cpu/skip.js";
import { runsOf, slicesOf, sliceWidth } from "./native/plan.js";
import { ssd } from "./operator.js";

/** As chunked.c has them. */
const CHUNK = 8;
const CHUNKS = 16;
const PAIRS = (CHUNK * (CHUNK + 1)) / 2;

export const chunkedNative = implementation(ssd, "native", {
  form: "chunked",
  source: "arXiv 2405.21060, section 6 and listing 1",
  options(problem, engine) {
    const parts = problem.dims.batch * slicesOf(engine, problem);
    const threads = Math.min(engine.threads, parts);
    return [{ chunk: CHUNK, threads: 1 }, ...(threads > 1 ? [{ chunk: CHUNK, threads }] : [])];
  },
  unsupported: (_problem, { chunk = CHUNK }) =>
    chunk === CHUNK ? undefined : `needs chunk=${CHUNK}, got ${chunk}`,
  rounding: () => f32Rounding(CHUNK),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, state } = problem.dims;
    const width = sliceWidth(engine);
    const { span, runs } = runsOf(slicesOf(engine, problem), batch, threads);
    const room = engine.room(ssd, problem);
    const work = 2 * PAIRS * CHUNKS + 2 * CHUNK * CHUNKS + 2 * CHUNK * width;
    const rows = 2 * CHUNK * state + width;
    return engine.prepared(room, {
      kernel: new URL("./native/chunked.c", import.meta.url),
      values: { D: skipOf(room), span, runs },
      threads,
      scratchBytes: 4 * (work + rows + span * (state * width + 1)),
    });
  },
});
