/** The chunked form (SSD, section 6) on NVIDIA's tensor cores. How it is cut and what it costs: engines/cuda/README.md. */
import { ROUNDOFF } from "../bound.js";
import type { CudaEngine } from "../engines/cuda.js";
import { implementation } from "../implementation.js";
import { HOPPER, NVIDIA } from "../matrix-unit.js";
import type { Problem } from "../operator.js";
import type { Options } from "../prepared.js";
import {
  type Borders,
  CHUNK,
  MOST_STATE,
  roomBytes,
  scratchBytes,
  segmentsFor,
  shapeOf,
} from "./cuda/plan.js";
import { prepareChunked } from "./cuda/prepare.js";
import { prepareSplit, splitCost, splitLacks } from "./cuda/split.js";
import { type Ssd, ssd } from "./operator.js";

/**
 * wgmma: warpgroup products fed by the copy engine (Hopper); mma: products of 16 x 8 x 16 from ordinary copies, any shape, every card since
 * Ampere. -exact: states at the borders of segments in f32, not as X is stored.
 */
const MAKES: Readonly<Record<string, { readonly mma: boolean; readonly borders: Borders }>> = {
  wgmma: { mma: false, borders: { localHalf: true, entryHalf: true } },
  "wgmma-exact": { mma: false, borders: { localHalf: false, entryHalf: false } },
  mma: { mma: true, borders: { localHalf: false, entryHalf: false } },
};

/** Of f32: products of TF32 in threes, from ordinary copies, every card since Ampere. */
const SPLIT = "mma-tf32x3";
/** Two splits of a factor keep 22 bits and cut the last of them; the product of two rests is left out. */
const SPLIT_ROUNDOFF = 2 ** -21;

/** Rows that start at multiples of sixteen bytes: what Hopper's copy engine takes. */
const ROW_VALUES = 8;

export const chunkedCuda = implementation(ssd, "cuda", {
  form: "chunked",
  source:
    "arXiv 2405.21060 section 6, listing 1; segment states first where workgroups are too few for one pass",
  dtypes: ["f32", "f16", "bf16"],
  grain: { headDim: ROW_VALUES, state: ROW_VALUES },
  options: (problem, engine) => {
    if (problem.dtype === "f32") return [{ chunk: CHUNK, make: SPLIT }];
    const makes = hopperLacks(problem, engine) === undefined ? ["wgmma", "wgmma-exact", "mma"] : ["mma"];
    return makes.map((make) => ({ chunk: CHUNK, make }));
  },
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dims, dtype }, { make = "mma" }) => {
    if (dtype === "f32")
      return {
        accumulate: 2 ** -24,
        products: { unit: NVIDIA, terms: dims.state },
        storage: SPLIT_ROUNDOFF,
        // of two products, one behind the other, each of two factors that are split
        roundings: 3,
        longestSum: CHUNK,
        decay: "segsum",
      };
    const { mma, borders } = MAKES[make] ?? MAKES.mma;
    const { localHalf, entryHalf } = borders;
    return {
      accumulate: 2 ** -24,
      products: { unit: mma ? NVIDIA : HOPPER, terms: dims.state },
      storage: ROUNDOFF[dtype],
      // weighted X, state or masked scores, Y, and one for differences inside sixteen tokens; the states at borders that are stored as X is
      roundings: 4 + (localHalf ? 1 : 0) + (entryHalf ? 1 : 0),
      longestSum: CHUNK,
      decay: "segsum",
    };
  },
  unsupported(problem, { chunk = CHUNK, make = defaultMake(problem) }, engine) {
    if (problem.dtype === "f32" && make !== SPLIT) return `in f32 needs make ${SPLIT}, got ${make}`;
    if (problem.dtype !== "f32" && !(make in MAKES))
      return `needs make ${Object.keys(MAKES).join(", ")}, got ${make}`;
    if (chunk !== CHUNK) return `needs chunk ${CHUNK}, got ${chunk}`;
    if (problem.dtype === "f32") return splitLacks(problem);
    const { state } = problem.dims;
    if (state > MOST_STATE) return `needs state of at most ${MOST_STATE}, got ${state}`;
    return MAKES[make].mma ? roomLacks(problem, engine) : hopperLacks(problem, engine);
  },
  prepare: async (engine, problem, { make = "mma" }) =>
    problem.dtype === "f32" ? prepareSplit(engine, problem) : prepareChunked(engine, problem, MAKES[make]),
  cost: (problem, options) => (problem.dtype === "f32" ? splitCost(problem) : costOf(problem, options)),
});

function defaultMake({ dtype }: Problem<Ssd>): string {
  return dtype === "f32" ? SPLIT : "mma";
}

/** A sentence where the kernels with warpgroup products cannot take a problem. */
function hopperLacks({ dims }: Problem<Ssd>, engine?: CudaEngine): string | undefined {
  const { headDim, state } = dims;
  if (headDim % ROW_VALUES !== 0 || state % ROW_VALUES !== 0)
    return `make wgmma needs headDim and state divisible by ${ROW_VALUES}, got headDim=${headDim} state=${state}`;
  if (engine && engine.card.capability !== 90)
    return `make wgmma needs a card of compute capability 9.0, this one has ${engine.card.capability / 10}`;
  return undefined;
}

/** A sentence where a card's shared memory does not hold two chunks of the padded state. */
function roomLacks(problem: Problem<Ssd>, engine?: CudaEngine): string | undefined {
  const needed = roomBytes(shapeOf(problem).padded, 2, true);
  const { sharedBytes = needed } = engine?.card.facts.attributes ?? {};
  return needed <= sharedBytes
    ? undefined
    : `state=${problem.dims.state} needs ${needed} bytes of shared memory, this card has ${sharedBytes}`;
}

/** Workgroups that live on an H100 at a time; only what a row says of the form's own work depends on it. */
const MULTIPROCESSORS = 132;

/** X, B and the steps are read twice where segment states come first, and the states at borders go through memory twice. */
function costOf(problem: Problem<Ssd>, { make = "mma" }: Options) {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const shape = shapeOf(problem);
  const resident = MULTIPROCESSORS * (shape.padded <= 64 ? 2 : 1);
  const segments = segmentsFor(shape, resident);
  const split = segments > 1;
  const tokens = batch * length;
  const least = ssd.cost(problem);
  const { local, entry } = scratchBytes(shape, segments, (MAKES[make] ?? MAKES.mma).borders);
  const again = tokens * (heads * (2 * headDim + 8) + groups * 2 * state) + 2 * (local + entry);
  return {
    flops: tokens * heads * (2 * CHUNK * (state + headDim) + (split ? 6 : 4) * headDim * state),
    bytes: least.bytes + (split ? again : 0),
    dispatches: split ? 3 : 1,
  };
}
