/** The recurrent form in C: lanes are channels, and states stay in registers while a block of tokens passes. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { selectiveScan } from "./operator.js";

/** As recurrent.c has them. */
const BLOCK = 64;
/** Tables of a slice: A, the state, constant B and C. */
const TABLES = 4;
/** Tables of the slices that walk together stay in the second cache. */
const TABLE_BYTES = 256 << 10;

export const recurrentNative = implementation(selectiveScan, "native", {
  form: "recurrent",
  takes: ["documents"],
  source: "arXiv 2312.00752, equation (2) and algorithm 2",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, heads, groups, headDim, state } = problem.dims;
    const slices = Math.ceil(((heads / groups) * headDim) / engine.lanes);
    const tableBytes = 4 * TABLES * state * engine.lanes;
    const most = Math.max(1, Math.floor(TABLE_BYTES / tableBytes));
    // four runs a thread even out what other programs take from one of them
    const even = threads === 1 ? groups * slices : Math.ceil((groups * slices * batch) / (4 * threads));
    const span = Math.min(most, even);
    return engine.prepared(engine.room(selectiveScan, problem), {
      kernel: new URL("./native/recurrent.c", import.meta.url),
      values: {
        softplus: problem.settings.softplus ? 1 : 0,
        constantB: problem.inputs.B?.axes[0] === "batch" ? 0 : 1,
        constantC: problem.inputs.C?.axes[0] === "batch" ? 0 : 1,
        slices,
        span,
        runs: Math.ceil((groups * slices) / span),
      },
      threads,
      // a slice's record takes two cache lines
      scratchBytes: 3 * BLOCK * 4 * engine.lanes + span * (128 + tableBytes),
    });
  },
});
