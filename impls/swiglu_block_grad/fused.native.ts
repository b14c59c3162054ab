/** Both products and the gate in C, and their gradients. */
import { nativeGradient } from "../blocks/native/gradients/ways.js";
import { f32Rounding } from "../bound.js";
import { waysOf } from "./native/ways.js";
import { swigluBlockGrad } from "./operator.js";

export const fusedNative = nativeGradient(swigluBlockGrad, {
  form: "fused",
  source: "reverse mode through arXiv 2002.05202 (GLU variants improve Transformer), equation (6)",
  rounding: () => f32Rounding(0),
  ways: waysOf,
});
