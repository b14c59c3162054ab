/** The chunked form in C: tiles of a state that stays in the first cache, and a triangular system of eight tokens. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { CHUNK, runsOf, threadsFor, vectorsOf } from "../ssd/native/plan.js";
import { gatedDelta, hasChannelDecays, queryScale } from "./operator.js";

/** Tokens of a block and products of a chunk, as ssd's sequence.h and work.h have them. */
const BLOCK = 128;
const PADDED = 48;

export const chunkedNative = implementation(gatedDelta, "native", {
  form: "chunked",
  source: "arXiv 2412.06464, section 3.3; arXiv 2406.06484, section 3.2; arXiv 2510.26692, section 3",
  options: (problem, engine) =>
    threadsFor(engine, problem, vectorsOf(engine)).map((threads) => ({ chunk: CHUNK, threads })),
  unsupported: (_problem, { chunk = CHUNK }) =>
    chunk === CHUNK ? undefined : `needs chunk=${CHUNK}, got ${chunk}`,
  rounding: () => f32Rounding(CHUNK),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, heads, headDim, state } = problem.dims;
    const room = engine.room(gatedDelta, problem);
    const { address } = room;
    const width = vectorsOf(engine) * engine.lanes;
    const { span, runs } = runsOf(heads * Math.ceil(headDim / width), batch, threads);
    const pairs = (4 * PADDED * BLOCK) / CHUNK;
    const made = pairs + 4 * BLOCK + 4 * CHUNK * width;
    const decayed = hasChannelDecays(problem) ? 3 * BLOCK + BLOCK / CHUNK : 0;
    const rows = (decayed + 2 * CHUNK) * state;
    return engine.prepared(room, {
      kernel: new URL("./native/chunked.c", import.meta.url),
      values: {
        ...{ X: address.V, B: address.K, C: address.Q, dt: 0, D: 0, z: 0 },
        ...{ initialState: address.initialState, span, runs },
        ...{ channelDecays: hasChannelDecays(problem) ? 1 : 0, factor: queryScale(problem) },
      },
      threads,
      scratchBytes: 4 * (made + rows + engine.lanes + span * (state * width + 1)),
    });
  },
});
