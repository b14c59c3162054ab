/** The chunked form in WebAssembly: products of 6 x 8 tiles. The state of eight channels stays in the first cache. */
import { f32Rounding } from "../bound.js";
import type { Options } from "../implementation.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { argumentsOf, ROWS, spans, stateBytes, WIDTH } from "./arguments.wasm.js";
import { type Ssd, ssd } from "./operator.js";

/** Weights inside the chunks of one block of tokens: small enough to stay in the second cache. */
const RECORD_BUDGET = 192 << 10;
/** States of the heads that walk together: they too live in the second cache. */
const STATE_BUDGET = 512 << 10;

export const chunkedWasm = implementation(ssd, "wasm", {
  form: "chunked",
  source: "arXiv 2405.21060, section 6 and listing 1",
  options: (problem, engine) => {
    const chunk = problem.dims.state > 96 ? 24 : 12;
    return engine.threads > 1
      ? [
          { chunk, threads: 1 },
          { chunk, threads: engine.threads },
        ]
      : [{ chunk, threads: 1 }];
  },
  rounding: (problem, options) => f32Rounding(chunkOf(problem, options)),
  async prepare(engine, problem, options) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const threads = options.threads ?? 1;
    const chunk = chunkOf(problem, options);
    const slices = Math.ceil(headDim / WIDTH);
    const record = recordBytes(chunk) * heads;
    const chunks = Math.ceil(length / chunk);
    const blockChunks = Math.min(chunks, Math.max(1, Math.floor(RECORD_BUDGET / record)));
    const sequences = Math.min(batch, Math.max(1, Math.floor(RECORD_BUDGET / (record * blockChunks))));

    const stateOfHead = stateBytes(problem.dims, chunk) / heads;

    const room = engine.room(ssd, problem);
    const args = argumentsOf(room, {
      chunk,
      span: 8,
      states: room.reserve(sequences * stateBytes(problem.dims, chunk)),
      records: room.reserve(sequences * blockChunks * record),
    });
    return engine.prepared(room, {
      kernel: new URL("./chunked.as.ts", import.meta.url),
      entries: ["loadStates", "scores", "outputs", "storeStates"],
      threads,
      scratchBytes: scratchBytes(chunk, state, slices),
      run(dispatch) {
        for (let first = 0; first < batch; first += sequences) {
          const count = Math.min(sequences, batch - first);
          const { headSpan, sliceSpan, tasks } = spans(
            threads,
            count,
            problem.dims,
            slices,
            STATE_BUDGET / stateOfHead,
          );
          args.set("first", first);
          args.set("headSpan", headSpan);
          args.set("sliceSpan", sliceSpan);
          dispatch("loadStates", args.address, count * heads);
          for (let start = 0; start < length; start += blockChunks * chunk) {
            const tokens = Math.min(blockChunks * chunk, length - start);
            args.set("start", start);
            args.set("tokens", tokens);
            dispatch("scores", args.address, count * groups * Math.ceil(Math.ceil(tokens / chunk) / 8));
            dispatch("outputs", args.address, tasks);
          }
          dispatch("storeStates", args.address, count * heads);
        }
      },
    });
  },
});

function chunkOf({ dims }: Problem<Ssd>, { chunk = 12 }: Options): number {
  return Math.min(chunk, dims.length);
}

/** Bytes of one head's weights in one chunk, as laid out in chunked.as.ts. */
function recordBytes(chunk: number): number {
  const tiles = Math.ceil(chunk / ROWS);
  return tiles * (tiles + 1) * 96 + tiles * 64 + 32;
}

/** A thread's scratch: in the first step scores and rows, in the second left and right sides and outputs of a chunk. */
function scratchBytes(chunk: number, state: number, slices: number): number {
  const tiles = Math.ceil(chunk / ROWS);
  const scores = tiles * (tiles + 1) * 96 + 48 * state;
  const sides = tiles * (32 * state + 96 * tiles) + 2 * tiles * ROWS * slices * 32;
  return scores + sides + 8192;
}
