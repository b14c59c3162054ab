/** The backward scan in C: lanes are channels; states are kept where blocks begin, and a block's tokens are worked out again. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { selectiveScanGrad } from "./operator.js";

/** As native/problem.h has them. */
const BLOCK = 64;
const STRETCH = 4;
/** Of a token: steps, inputs, cotangents and sums. */
const ROWS = 6;
/** Tables of a slice: A, the state, dA; for a constant B or C it and its gradient. */
const TABLES = 3;
const TABLES_OF_CONSTANT = 2;
/** Parts that a run is cut into where groups are wide enough, whatever the number of threads: sums are always made alike. */
const PARTS = 16;

export const scanNative = implementation(selectiveScanGrad, "native", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2 (recomputation); reverse mode through equation (2)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const { lanes } = engine;
    const held = lanes === 16 ? 8 : 4;
    const padded = Math.ceil(state / held) * held;
    const slices = Math.ceil(((heads / groups) * headDim) / lanes);
    const span = Math.ceil(slices / Math.min(slices, Math.ceil(PARTS / (batch * groups))));
    const parts = Math.ceil(slices / span);
    const constantB = problem.inputs.B?.axes[0] === "batch" ? 0 : 1;
    const constantC = problem.inputs.C?.axes[0] === "batch" ? 0 : 1;
    const table = padded * lanes;
    const recordFloats = (TABLES + TABLES_OF_CONSTANT * (constantB + constantC)) * table + 3 * lanes;
    const room = engine.room(selectiveScanGrad, problem);
    return engine.prepared(room, {
      kernel: new URL("./native/scan.c", import.meta.url),
      values: {
        softplus: problem.settings.softplus ? 1 : 0,
        constantB,
        constantC,
        slices,
        span,
        parts,
        borders: room.reserve(4 * batch * groups * slices * Math.ceil(length / BLOCK) * table),
        records: room.reserve(4 * batch * groups * slices * recordFloats),
        partials: room.reserve(4 * batch * groups * parts * STRETCH * BLOCK * 2 * padded),
        recordFloats,
      },
      threads,
      scratchBytes: 4 * BLOCK * ((ROWS + 2 * held) * lanes + 2 * padded) + 64 * Math.ceil(BLOCK / 64),
    });
  },
});
