/** The recurrent form on CUDA, in f32 throughout: states in registers, one walk over time, or two where channels are few. */
import { implementation } from "../implementation.js";
import { cutOn, MAKES, walkCost, walkLacks, walkRounding } from "../recurrence/cuda/implementation.js";
import { askedOf, prepareWalk } from "./cuda/walk.js";
import { STEPS, ssd } from "./operator.js";

export const recurrentCuda = implementation(ssd, "cuda", {
  form: "recurrent",
  takes: STEPS,
  source: "arXiv 2405.21060, equation (1); segments of time as in arXiv 2312.00752, appendix D",
  dtypes: ["f32", "f16", "bf16"],
  options: () => MAKES.map((make) => ({ make })),
  // cuts of time lie where the row is cut, not the document: its last bits move
  withinBounds: ["packed-documents"],
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dtype }) => walkRounding(dtype),
  unsupported: ({ dims }, { make }) => walkLacks(dims.state, make),
  prepare: (engine, problem, { make }) => prepareWalk(engine, problem, cutOn(engine, askedOf(problem), make)),
  cost: (problem, { make }) => walkCost(ssd.cost(problem), askedOf(problem), make),
});
