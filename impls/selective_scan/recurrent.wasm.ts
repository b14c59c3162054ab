/** The recurrent form in WebAssembly: lanes are channels, the time loop is the only sequential part. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { selectiveScan } from "./operator.js";

/** In the order of class Args in arguments.as.ts. */
const fields = [
  "u",
  "delta",
  "A",
  "B",
  "C",
  "D",
  "z",
  "deltaBias",
  "initialState",
  "Y",
  "finalState",
  "length",
  "width",
  "groups",
  "state",
  "softplus",
  "constantB",
  "constantC",
  "slices",
  "span",
  "documents",
] as const;

/** Up to so many tokens the states are used too rarely to be worth a layout of their own. */
const DECODE_LENGTH = 3;
/** Channels that walk together: their states and decays stay in the second cache. */
const STATE_BUDGET = 256 << 10;

export const recurrentWasm = implementation(selectiveScan, "wasm", {
  form: "recurrent",
  takes: ["documents"],
  source: "arXiv 2312.00752, equation (2) and algorithm 2",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const width = heads * headDim;
    const slices = Math.ceil(width / groups / 8);
    const decode = length <= DECODE_LENGTH;
    // Four runs a thread even out what other programs take from one of them.
    const most = decode ? width : Math.max(1, Math.floor(STATE_BUDGET / (state * 64)));
    const units = decode ? width : groups * slices;
    const span = Math.max(
      1,
      Math.min(most, threads === 1 ? units : Math.ceil((units * batch) / (4 * threads)), units),
    );

    const room = engine.room(selectiveScan, problem);
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      length,
      width,
      groups,
      state,
      softplus: problem.settings.softplus ? 1 : 0,
      constantB: problem.inputs.B?.axes[0] === "batch" ? 0 : 1,
      constantC: problem.inputs.C?.axes[0] === "batch" ? 0 : 1,
      slices,
      span,
    });
    return engine.prepared(room, {
      kernel: new URL("./wasm/recurrent.as.ts", import.meta.url),
      entries: ["scan", "decode"],
      threads,
      scratchBytes: decode ? 0 : span * (state * 128 + 32) + 64 * 32 * 3,
      run: (dispatch) => dispatch(decode ? "decode" : "scan", args.address, batch * Math.ceil(units / span)),
    });
  },
});
