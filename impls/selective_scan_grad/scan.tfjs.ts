/** Gradients by TensorFlow.js's automatic differentiation of the associative scan. */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { scanRoundings } from "../recurrence/associative-scan.js";
import { scanProgram } from "../selective_scan/scan.tfjs.js";
import { selectiveScanGrad } from "./operator.js";

const NAMES = ["u", "delta", "A", "B", "C", "D", "z", "deltaBias", "initialState"] as const;

export const scanTfjs = implementation(selectiveScanGrad, "tfjs", {
  form: "scan",
  takes: ["documents"],
  source: "tf.grads through the associative scan (Blelloch 1990; impls/recurrence/associative-scan.ts)",
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: ({ dims }) => f32Rounding(scanRoundings(dims.length)),
  absent: (engine) => engine.lacksGradients(),
  // the tape holds a few tensors of states a level, of all channels
  unsupported: ({ dims: { batch, length, heads, headDim, state } }) =>
    tooLarge("the states of all tokens", 4 * batch * length * heads * headDim * state * 4),
  timed: () => "the forward pass included: its tape is made anew in every run",
  prepare: (engine, problem) =>
    engine.prepared(
      selectiveScanGrad,
      problem,
      engine.differentiated(
        problem as never,
        NAMES,
        (plain) => scanProgram(plain, problem as never) as never,
      ) as never,
    ),
});
