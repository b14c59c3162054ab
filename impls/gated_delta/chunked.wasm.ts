/** The chunked form in WebAssembly: tiles of six tokens, or six rows of the state, by eight channels, around a triangular system. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { gatedDelta } from "./operator.js";
import { argumentsOf, chunkBytes, stateBytes } from "./wasm/arguments.js";

/** Whole tiles of six. */
const DEFAULT_CHUNK = 12;

export const chunkedWasm = implementation(gatedDelta, "wasm", {
  form: "chunked",
  source: "arXiv 2412.06464, section 3.3; arXiv 2406.06484, section 3.2; arXiv 2510.26692, section 3",
  options: ({ dims }, engine) =>
    [...new Set([1, Math.min(engine.threads, dims.batch * dims.heads)])].map((threads) => ({
      chunk: DEFAULT_CHUNK,
      threads,
    })),
  unsupported: (_problem, { chunk = DEFAULT_CHUNK }) =>
    chunk === 6 || chunk === DEFAULT_CHUNK
      ? undefined
      : `needs chunk=6 or chunk=${DEFAULT_CHUNK}, got ${chunk}`,
  rounding: (_problem, { chunk = DEFAULT_CHUNK }) => f32Rounding(chunk),
  prepare(engine, problem, { threads = 1, chunk = DEFAULT_CHUNK }) {
    const { batch, heads } = problem.dims;
    const room = engine.room(gatedDelta, problem);
    const args = argumentsOf(room, chunk);
    return engine.prepared(room, {
      kernel: new URL("./wasm/chunked.as.ts", import.meta.url),
      entries: ["chunks"],
      threads,
      scratchBytes: stateBytes(room) + chunkBytes(room),
      run: (dispatch) => dispatch("chunks", args.address, batch * heads),
    });
  },
});
