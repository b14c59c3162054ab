/** The chunked backward in WebAssembly: states and their gradients at the borders of blocks, then every block on its own. */
import { f32Rounding } from "../bound.js";
import type { Room, Words } from "../engines/wasm/room.js";
import { implementation } from "../implementation.js";
import { skipOf } from "../ssd/cpu/skip.js";
import { STEPS } from "../ssd/operator.js";
import { bitsOf, type StepsInFront, stepsIn } from "../ssd/wasm/steps.js";
import { type SsdGrad, ssdGrad } from "./operator.js";

/** As layout.as.ts has them. */
const CHUNK = 24;
const CHUNKS = 4;
const BLOCK = CHUNK * CHUNKS;
const ROWS = 6;

/** In the order of class Args in layout.as.ts. */
const fields = [
  ...["X", "logA", "B", "C", "dt", "D", "z", "initialState", "dtBias"],
  ...["dY", "dFinalState", "Y", "finalState"],
  ...["dX", "dlogA", "dB", "dC", "ddt", "dD", "dz", "dinitialState", "ddtBias"],
  ...["dtGiven", "rates", "made", "perHead", "softplus", "dtMin", "dtMax", "skipPerHead"],
  ...["batch", "length", "heads", "groups", "headDim", "state", "borders", "parts", "ones"],
];

export const chunkedWasm = implementation(ssdGrad, "wasm", {
  form: "chunked",
  takes: STEPS,
  source: "README.md, the chunked backward; arXiv 2405.21060, section 6, for the states",
  options: (_problem, { threads }) =>
    (threads > 1 ? [1, threads] : [1]).map((threads) => ({ chunk: CHUNK, threads })),
  unsupported: (_problem, { chunk = CHUNK }) =>
    chunk === CHUNK ? undefined : `needs chunk=${CHUNK}, got ${chunk}`,
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: () => f32Rounding(CHUNK),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, groups } = problem.dims;
    const room = engine.room(ssdGrad, problem);
    const steps = stepsIn(room);
    const { address } = argumentsOf(room, steps);
    return engine.prepared(room, {
      kernel: new URL("./wasm/chunked.as.ts", import.meta.url),
      entries: ["steps", "borders", "block", "sums"],
      threads,
      scratchBytes: Math.max(blockBytes(room), steps.scratchBytes),
      run(dispatch) {
        steps.make(dispatch);
        dispatch("borders", address, 2 * batch * heads);
        dispatch("block", address, batch * groups * Math.ceil(length / BLOCK));
        dispatch("sums", address, heads);
      },
    });
  },
});

/** Sizes of rows in floats, and of a head's state: padded to tiles of six rows and eight columns. */
function sizesOf({ problem }: Room<SsdGrad>): { columns: number; channels: number; stateFloats: number } {
  const { headDim, state } = problem.dims;
  const rows = Math.ceil(headDim / ROWS) * ROWS;
  const columns = Math.ceil(state / 8) * 8;
  return { columns, channels: Math.ceil(rows / 8) * 8, stateFloats: rows * columns };
}

function argumentsOf(room: Room<SsdGrad>, { addresses, made }: StepsInFront): Words<string> {
  const { address, problem } = room;
  const { batch, length, heads } = problem.dims;
  const { channels, stateFloats } = sizesOf(room);
  const blocks = Math.ceil(length / BLOCK);
  return room.words(fields, {
    ...Object.fromEntries(fields.map((name) => [name, address[name] ?? 0])),
    ...problem.dims,
    ...addresses,
    D: skipOf(room),
    dtGiven: address.dt,
    rates: address.logA,
    made: made.dtMade ? 1 : 0,
    perHead: made.perHead,
    softplus: made.softplus,
    dtMin: bitsOf(made.dtMin),
    dtMax: bitsOf(made.dtMax),
    skipPerHead: problem.inputs.D?.axes.length === 1 ? 1 : 0,
    borders: room.reserve(4 * 2 * batch * heads * (blocks + 1) * stateFloats),
    parts: room.reserve(4 * batch * blocks * heads * (4 + channels)),
    ones: room.floats(8, (values) => values.fill(1)),
  });
}

/** As memory.as.ts lays them out, each piece rounded up to a line. */
function blockBytes(room: Room<SsdGrad>): number {
  const { headDim, state } = room.problem.dims;
  const { columns, channels, stateFloats } = sizesOf(room);
  const pairs = (7 + CHUNKS) * CHUNK * CHUNK;
  const tokens = 128 * CHUNKS + 8 * CHUNK + 64;
  const rows = BLOCK * (4 * columns + 2 * channels + 2 * state);
  const states = CHUNKS * stateFloats + channels * state;
  const chunk = CHUNK * (2 * headDim + Math.max(headDim, state) + 2 * columns + 4 * channels);
  return 4 * (pairs + tokens + rows + states + chunk) + 40 * 64;
}
