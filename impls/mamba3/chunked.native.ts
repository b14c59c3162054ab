/** The chunked form in C: ssd's tiles, whose rows a rotation has made a block of tokens before. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { CHUNK, runsOf, threadsFor, vectorsOf, workFloats } from "../ssd/native/plan.js";
import { mamba3 } from "./operator.js";

/** Tokens of a block, as ssd's sequence.h has it. */
const BLOCK = 128;

export const chunkedNative = implementation(mamba3, "native", {
  form: "chunked",
  source: "arXiv 2603.15569; arXiv 2405.21060, section 6 and listing 1",
  options: (problem, engine) =>
    threadsFor(engine, problem, vectorsOf(engine)).map((threads) => ({ chunk: CHUNK, threads })),
  unsupported: (_problem, { chunk = CHUNK }) =>
    chunk === CHUNK ? undefined : `needs chunk=${CHUNK}, got ${chunk}`,
  rounding: () => f32Rounding(CHUNK),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, groups, headDim, state, pairs } = problem.dims;
    const room = engine.room(mamba3, problem);
    const { address } = room;
    const width = vectorsOf(engine) * engine.lanes;
    const { span, runs } = runsOf(heads * Math.ceil(headDim / width), batch, threads);
    const [own, later] = [0, 1].map(() => room.reserve(batch * length * heads * 4));
    const wideD = address.D && room.reserve(heads * headDim * 4);
    const angles = heads * Math.ceil(pairs / engine.lanes) * engine.lanes;
    const work = workFloats(engine, state) + 2 * BLOCK * state + 2 * angles;
    return engine.prepared(room, {
      kernel: new URL("./native/chunked.c", import.meta.url),
      values: {
        ...{ X: address.V, B: 0, C: 0, D: wideD, groups: heads, keyGroups: groups },
        ...{ dt: later, own, wideD, skip: address.D, step: address.dt, span, runs },
        carriedState: address.initialState,
        initialState: address.initialState && room.reserve(batch * heads * headDim * state * 4),
      },
      threads,
      scratchBytes: 4 * (work + engine.lanes + span * (state * width + 1)),
    });
  },
});
