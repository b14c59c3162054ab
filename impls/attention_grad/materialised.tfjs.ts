/** Gradients by TensorFlow.js's automatic differentiation of attention as written. */
import { materialisedProgram } from "../attention/materialised.tfjs.js";
import { emptyRows, NARROWED } from "../attention/operator.js";
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { attentionGrad } from "./operator.js";

export const materialisedTfjs = implementation(attentionGrad, "tfjs", {
  form: "materialised",
  takes: NARROWED,
  source: "tf.grads through arXiv 1706.03762, equation (1), one head at a time",
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: ({ dims }) => f32Rounding(Math.max(dims.length, dims.context)),
  absent: (engine) => engine.lacksGradients(),
  // the tape holds the scores of all heads
  unsupported: (problem) =>
    emptyRows(problem) ??
    tooLarge(
      "the scores of all heads (length x context)",
      4 * problem.dims.batch * problem.dims.heads * problem.dims.length * problem.dims.context,
    ),
  timed: () => "the forward pass included: its tape is made anew in every run",
  prepare: (engine, problem) =>
    engine.prepared(
      attentionGrad,
      problem,
      engine.differentiated(
        problem as never,
        ["Q", "K", "V"],
        (plain) => materialisedProgram(plain, problem as never) as never,
      ) as never,
    ),
});
