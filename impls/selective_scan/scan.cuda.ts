/** The scan of Mamba-1 on CUDA: states in registers, one walk over time, or two where channels are few. */
import { implementation } from "../implementation.js";
import { cutOn, MAKES, walkCost, walkLacks, walkRounding } from "../recurrence/cuda/implementation.js";
import { askedOf, prepareScan } from "./cuda/prepare.js";
import { selectiveScan } from "./operator.js";

export const scanCuda = implementation(selectiveScan, "cuda", {
  form: "scan",
  takes: ["documents"],
  source: "arXiv 2312.00752, section 3.3.2: one fused kernel; segments of time as in its appendix D",
  dtypes: ["f32", "f16", "bf16"],
  options: () => MAKES.map((make) => ({ make })),
  // cuts of time lie where the row is cut, not the document: its last bits move
  withinBounds: ["packed-documents"],
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dtype }) => walkRounding(dtype),
  unsupported: ({ dims }, { make }) => walkLacks(dims.state, make),
  prepare: (engine, problem, { make }) => prepareScan(engine, problem, cutOn(engine, askedOf(problem), make)),
  cost: (problem, { make }) => walkCost(selectiveScan.cost(problem), askedOf(problem), make),
});
