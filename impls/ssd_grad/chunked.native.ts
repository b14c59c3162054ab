/** The chunked backward in C: states and their gradients at the borders of blocks, then every block on its own. */
import { f32Rounding } from "../bound.js";
import type { NativeRoom } from "../engines/native/room.js";
import type { Plan } from "../engines/native.js";
import { implementation } from "../implementation.js";
import { NOTHING_MADE, placeSteps } from "../ssd/cpu/made.js";
import { skipOf } from "../ssd/cpu/skip.js";
import { STEPS } from "../ssd/operator.js";
import { type SsdGrad, ssdGrad } from "./operator.js";

/** As problem.h has them. */
const CHUNK = 16;
const BLOCK = 128;
const CHUNKS = BLOCK / CHUNK;

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
    return engine.prepared(room, planOf(room, engine.lanes, threads));
  },
});

function planOf(room: NativeRoom<SsdGrad>, lanes: number, threads: number): Plan {
  const { dims, inputs } = room.problem;
  const { batch, length, heads, headDim, state } = dims;
  const blocks = Math.ceil(length / BLOCK);
  const channels = Math.ceil(headDim / lanes) * lanes;
  const columns = Math.ceil(state / lanes) * lanes;
  const absent = Object.keys(ssdGrad.outputs).filter((name) => room.address[name] === undefined);
  return {
    kernel: new URL("./native/chunked.c", import.meta.url),
    values: {
      ...Object.fromEntries(absent.map((name) => [name, 0])),
      D: skipOf(room),
      skipPerHead: inputs.D?.axes.length === 1 ? 1 : 0,
      dtGiven: room.address.dt,
      rates: room.address.logA,
      ...(placeSteps(room) ?? NOTHING_MADE),
      borders: room.reserve(4 * 2 * batch * heads * (blocks + 1) * headDim * columns),
      parts: room.reserve(4 * batch * blocks * heads * (2 + channels)),
    },
    threads,
    scratchBytes: 4 * Math.max(blockFloats(headDim, channels, columns), 2 * heads * lanes),
  };
}

/** As memory.h lays them out. @param channels, columns rows of X and of B, padded to vectors */
function blockFloats(headDim: number, channels: number, columns: number): number {
  const decays = CHUNKS * (6 * CHUNK);
  const pairs = (CHUNKS + 5) * CHUNK * CHUNK;
  const rows = BLOCK * (4 * columns + 2 * channels);
  const states = CHUNKS * headDim * columns + channels * columns;
  return decays + pairs + rows + states + CHUNK * (columns + 5 * channels);
}
