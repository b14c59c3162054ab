/** The scan of Mamba-1 on CUDA: states in registers, one walk over time, or two where channels are few. */
import { ROUNDOFF } from "../bound.js";
import { implementation } from "../implementation.js";
import { type Cut, cutFor, MOST_STATE } from "./cuda/plan.js";
import { prepareScan } from "./cuda/prepare.js";
import { selectiveScan } from "./operator.js";

/** Steps that are summed in f32; longer sums are in f64. */
const SUMMED = 4;

/** Multiprocessors of an H100 and shared memory of its workgroups; only what a row says of the form's own work depends on it. */
const CARD = { multiprocessors: 132, sharedBytes: 232_448 };

export const scanCuda = implementation(selectiveScan, "cuda", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2: one fused kernel; segments of time as in its appendix D",
  dtypes: ["f32", "f16", "bf16"],
  options: () => [{ make: "walk" }, { make: "walk-split" }],
  rounding: ({ dtype }) => ({
    // ex2.approx errs by two ulp of its result, four roundings: with product and sum six of the eight that the count grants
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    roundings: dtype === "f32" ? 0 : 1,
    longestSum: SUMMED,
    decay: "segsum",
  }),
  unsupported({ dims }, { make = "walk" }) {
    if (make !== "walk" && make !== "walk-split") return `needs make walk or walk-split, got ${make}`;
    return dims.state <= MOST_STATE ? undefined : `needs state of at most ${MOST_STATE}, got ${dims.state}`;
  },
  prepare: (engine, problem, { make }) =>
    prepareScan(engine, problem, cutFor(problem, engine.card.facts.attributes, make === "walk-split")),
  cost: (problem, { make }) => {
    const { segments }: Cut = cutFor(problem, CARD, make === "walk-split");
    const { flops, bytes } = selectiveScan.cost(problem);
    if (segments === 1) return { flops, bytes, dispatches: 1 };
    // u, steps and B again, and the states of segments written, read, written and read
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const storage = problem.dtype === "f32" ? 4 : 2;
    const again = batch * length * (heads * headDim * (4 + storage) + groups * state * storage);
    const borders = 16 * batch * segments * heads * headDim * state;
    return { flops: (5 / 3) * flops, bytes: bytes + again + borders, dispatches: 3 };
  },
});
