/** The chunked form, SSD: matrix products within chunks, a recurrence between them (section 6, listing 1). */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { STEPS, ssd } from "./operator.js";
import { blockwise, matrixBytes, plan } from "./tfjs/blocks.js";

export const chunkedTfjs = implementation(ssd, "tfjs", {
  form: "chunked",
  takes: STEPS,
  source: "arXiv 2405.21060, section 6 and listing 1; decays as products over segments",
  options: () => [{ chunk: 64 }, { chunk: 128 }],
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dims }, { chunk = 64 }) => f32Rounding(Math.min(chunk, dims.length)),
  unsupported: (problem, { chunk = 64 }) =>
    tooLarge("decay matrices (length x chunk)", matrixBytes(plan(problem, chunk))),
  prepare: (engine, problem, { chunk = 64 }) => blockwise(engine, problem, chunk),
});
