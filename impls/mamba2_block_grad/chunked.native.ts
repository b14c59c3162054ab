/** The block in C, forward and then backward: the parts' own kernels in one memory, products of matrices that lie turned around. */
import { nativeGradient } from "../blocks/native/gradients/ways.js";
import { f32Rounding } from "../bound.js";
import { CHUNK } from "../ssd/native/plan.js";
import { CHUNK as CHUNK_OF_GRADIENT } from "../ssd_grad/native/plan.js";
import { waysOf } from "./native/ways.js";
import { EXTRAS, mamba2BlockGrad } from "./operator.js";

export const chunkedNative = nativeGradient(mamba2BlockGrad, {
  form: "chunked",
  source:
    "reverse mode through arXiv 2405.21060, figure 6; the map by section 6 and its reverse (impls/ssd_grad)",
  takes: EXTRAS,
  rounding: () => f32Rounding(Math.max(CHUNK, CHUNK_OF_GRADIENT)),
  ways: waysOf,
});
