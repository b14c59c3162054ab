/**
 * The chunked form in WebAssembly: ssd's kernel between a rotation of keys and queries and the weights of the trapezoid. Block of tokens
 * after block, so that what was turned is read again while it is in a cache.
 */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import {
  recordBytes,
  scratchBytes,
  spans,
  argumentsOf as ssdArguments,
  stateBytes,
  WIDTH,
} from "../ssd/wasm/arguments.js";
import { type Mamba3, mamba3 } from "./operator.js";
import { argumentsOf, turnScratchBytes, WEIGHTS_SPAN } from "./wasm/arguments.js";

/** What a block of tokens keeps, turned rows and weights inside its chunks: it stays in the second cache. */
const BLOCK_BUDGET = 256 << 10;
/** States of the heads that walk together: they too live there. */
const STATE_BUDGET = 512 << 10;
/** Chunks whose weights one task makes. */
const SCORES_SPAN = 8;
/** Whole tiles of six; every head makes its own products of Q with K, so that a chunk is as short as a tile allows. */
const DEFAULT_CHUNK = 12;

export const chunkedWasm = implementation(mamba3, "wasm", {
  form: "chunked",
  source: "arXiv 2603.15569; arXiv 2405.21060, section 6 and listing 1",
  options: ({ dims }, engine) =>
    [...new Set([1, Math.min(engine.threads, dims.batch * dims.heads)])].map((threads) => ({
      chunk: DEFAULT_CHUNK,
      threads,
    })),
  rounding: (problem, options) => f32Rounding(chunkOf(problem, options)),
  prepare(engine, problem, options) {
    const { threads = 1 } = options;
    const { batch, length, heads, headDim, state } = problem.dims;
    const chunk = chunkOf(problem, options);
    const slices = Math.ceil(headDim / WIDTH);
    const record = recordBytes(chunk) * heads;
    const rows = 2 * chunk * heads * state * 4;
    const blockChunks = Math.min(
      Math.ceil(length / chunk),
      Math.max(1, Math.floor((threads * BLOCK_BUDGET) / (record + rows))),
    );
    const block = Math.min(length, blockChunks * chunk);

    const room = engine.room(mamba3, problem);
    const { args, made } = argumentsOf(room, block);
    const inner = ssdArguments(room, {
      ...{ X: room.address.V, groups: heads, D: made.wideD, initialState: made.firstState },
      ...{ dt: made.later, own: made.own, chunk, span: SCORES_SPAN },
      states: room.reserve(stateBytes(problem.dims)),
      records: room.reserve(blockChunks * record),
    });
    const { headSpan, sliceSpan, tasks } = spans(
      threads,
      1,
      problem.dims,
      slices,
      (STATE_BUDGET * heads) / stateBytes(problem.dims),
    );
    return engine.prepared(room, {
      kernel: new URL("./wasm/chunked.as.ts", import.meta.url),
      entries: ["weigh", "begin", "turn", "loadStates", "scores", "outputs", "storeStates"],
      threads,
      scratchBytes: Math.max(scratchBytes(chunk, state, slices), turnScratchBytes(state)),
      run(dispatch) {
        dispatch("weigh", args.address, batch * Math.ceil(length / WEIGHTS_SPAN));
        dispatch("begin", args.address, batch * heads);
        inner.set("headSpan", headSpan);
        inner.set("sliceSpan", sliceSpan);
        for (let b = 0; b < batch; b++) {
          args.set("first", b);
          inner.set("first", b);
          dispatch("loadStates", inner.address, heads);
          for (let start = 0; start < length; start += block) {
            const tokens = Math.min(block, length - start);
            // ssd's kernel counts rows from the first one of all
            const before = (b * length + start) * heads * state * 4;
            for (const words of [args, inner]) {
              words.set("start", start);
              words.set("tokens", tokens);
            }
            inner.set("B", made.turnedK - before);
            inner.set("C", made.turnedQ - before);
            dispatch("turn", args.address, heads);
            dispatch("scores", inner.address, heads * Math.ceil(Math.ceil(tokens / chunk) / SCORES_SPAN));
            dispatch("outputs", inner.address, tasks);
          }
          dispatch("storeStates", inner.address, heads);
        }
      },
    });
  },
});

function chunkOf({ dims }: Problem<Mamba3>, { chunk = DEFAULT_CHUNK }: Options): number {
  return Math.min(chunk, dims.length);
}
