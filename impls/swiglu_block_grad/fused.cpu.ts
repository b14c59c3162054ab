/** Both products and the gate, and their gradients. */
import { bothWays } from "../blocks/cpu/gradients/both-ways.js";
import { hostRounding } from "../bound.js";
import { waysOf } from "./cpu/ways.js";
import { swigluBlockGrad } from "./operator.js";

export const fusedCpu = bothWays(swigluBlockGrad, {
  form: "fused",
  source: "reverse mode through arXiv 2002.05202, equation (6) (FFN_SwiGLU)",
  rounding: () => hostRounding(0, 1),
  ways: waysOf,
});
