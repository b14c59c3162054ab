/** Gradients by TensorFlow.js's automatic differentiation of the chunked form. */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { hasInfiniteDecay, STEPS } from "../ssd/operator.js";
import { ssdGrad } from "./operator.js";
import { chunkedProgram, matrixBytes } from "./tfjs/forward.js";

const NAMES = ["X", "logA", "B", "C", "dt", "D", "z", "initialState", "dtBias"] as const;

export const chunkedTfjs = implementation(ssdGrad, "tfjs", {
  form: "chunked",
  takes: STEPS,
  source: "tf.grads through arXiv 2405.21060, section 6 and listing 1, sums over segments",
  options: () => [{ chunk: 64 }],
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dims }, { chunk = 64 }) => f32Rounding(Math.min(chunk, dims.length)),
  absent: (engine) => engine.lacksGradients(),
  unsupported: (problem, { chunk = 64 }) =>
    hasInfiniteDecay(problem)
      ? "differentiation needs finite log decays: the gradient of a product with an infinite one is no number"
      : tooLarge("decay matrices (length x chunk, all heads)", matrixBytes(problem, chunk)),
  timed: () => "the forward pass included: its tape is made anew in every run",
  prepare: (engine, problem, { chunk = 64 }) =>
    engine.prepared(
      ssdGrad,
      problem,
      engine.differentiated(
        problem as never,
        NAMES,
        (plain) => chunkedProgram(plain, problem, chunk) as never,
      ) as never,
    ),
});
