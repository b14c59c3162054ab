/** The quadratic form: attention with a 1-semiseparable mask, (L o C B^T) X (section 3.2, equation 16 of the paper). */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { STEPS, ssd } from "./operator.js";
import { blockwise, matrixBytes, plan } from "./tfjs/blocks.js";

export const quadraticTfjs = implementation(ssd, "tfjs", {
  form: "quadratic",
  takes: STEPS,
  source: "arXiv 2405.21060, section 3.2: Y = (L o C B^T) X",
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "row", borders: true },
  rounding: ({ dims }) => f32Rounding(dims.length),
  unsupported: (problem) =>
    tooLarge("the mask (length x length)", matrixBytes(plan(problem, problem.dims.length))),
  prepare: (engine, problem) => blockwise(engine, problem, problem.dims.length),
});
