/** The backward scan in WebAssembly: lanes are channels; states are kept where blocks begin, and a block's tokens are worked out again. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { selectiveScanGrad } from "./operator.js";

/** In the order of class Args in wasm/arguments.as.ts. */
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
  "documents",
  "dY",
  "dFinalState",
  "du",
  "ddelta",
  "dA",
  "dB",
  "dC",
  "dD",
  "dz",
  "ddeltaBias",
  "dinitialState",
  "Y",
  "finalState",
  "batch",
  "length",
  "width",
  "groups",
  "state",
  "padded",
  "softplus",
  "constantB",
  "constantC",
  "slices",
  "span",
  "parts",
  "borders",
  "records",
  "recordBytes",
  "partials",
  "stretch",
] as const;

/** As wasm/arguments.as.ts has them. */
const BLOCK = 32;
const STRETCH = 8;
/** Bytes of a token's rows. */
const ROW = 112;
/** Tables of a slice: A, the state, dA; for a constant B or C it and its gradient. */
const TABLES = 3;
const TABLES_OF_CONSTANT = 2;
/** Parts that a run is cut into where groups are wide enough, whatever the number of threads: sums are always made alike. */
const PARTS = 16;

export const scanWasm = implementation(selectiveScanGrad, "wasm", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2 (recomputation); reverse mode through equation (2)",
  options: (_problem, engine) =>
    engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }],
  rounding: () => f32Rounding(0),
  async prepare(engine, problem, { threads = 1 }) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const width = heads * headDim;
    const padded = Math.ceil(state / 2) * 2;
    const slices = Math.ceil(width / groups / 4);
    const span = Math.ceil(slices / Math.min(slices, Math.ceil(PARTS / (batch * groups))));
    const parts = Math.ceil(slices / span);
    const constantB = problem.inputs.B?.axes[0] === "batch" ? 0 : 1;
    const constantC = problem.inputs.C?.axes[0] === "batch" ? 0 : 1;
    const table = 16 * padded;
    const recordBytes = (TABLES + TABLES_OF_CONSTANT * (constantB + constantC)) * table + 32;
    const room = engine.room(selectiveScanGrad, problem);
    const args = room.words(fields, {
      ...(room.address as Record<(typeof fields)[number], number>),
      ...problem.dims,
      width,
      padded,
      softplus: problem.settings.softplus ? 1 : 0,
      constantB,
      constantC,
      slices,
      span,
      parts,
      borders: room.reserve(batch * groups * slices * Math.ceil(length / BLOCK) * table),
      records: room.reserve(batch * groups * slices * recordBytes),
      recordBytes,
      partials: room.reserve(4 * batch * groups * parts * STRETCH * BLOCK * 2 * padded),
      stretch: 0,
    });
    const stretches = Math.ceil(length / (STRETCH * BLOCK));
    return engine.prepared(room, {
      kernel: new URL("./wasm/scan.as.ts", import.meta.url),
      entries: ["keepBorders", "walkBack", "addParts", "closeSlice"],
      threads,
      scratchBytes: 64 + BLOCK * (ROW + 6 * table),
      run(dispatch) {
        dispatch("keepBorders", args.address, batch * groups * parts);
        for (let i = stretches - 1; i >= 0; i--) {
          args.set("stretch", i);
          dispatch("walkBack", args.address, batch * groups * parts);
          if (!constantB || !constantC) dispatch("addParts", args.address, batch * groups * STRETCH);
        }
        dispatch("closeSlice", args.address, groups * slices);
      },
    });
  },
});
