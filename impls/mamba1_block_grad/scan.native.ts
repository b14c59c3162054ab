/** The block in C, forward and then backward, around the scan and its gradient. */
import { nativeGradient } from "../blocks/native/gradients/ways.js";
import { f32Rounding } from "../bound.js";
import { waysOf } from "./native/ways.js";
import { mamba1BlockGrad } from "./operator.js";

export const scanNative = nativeGradient(mamba1BlockGrad, {
  form: "scan",
  source: "reverse mode through arXiv 2312.00752, figure 3; the scan by section 3.3.2 (recomputation)",
  rounding: () => f32Rounding(0),
  ways: waysOf,
});
