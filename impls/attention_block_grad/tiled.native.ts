/** The block in C, forward and then backward, around FlashAttention's form. */
import { nativeGradient } from "../blocks/native/gradients/ways.js";
import { f32Rounding } from "../bound.js";
import { waysOf } from "./native/ways.js";
import { attentionBlockGrad } from "./operator.js";

export const tiledNative = nativeGradient(attentionBlockGrad, {
  form: "tiled",
  source: "reverse mode through the block; arXiv 2307.08691, algorithms 1 and 2 (FlashAttention-2)",
  // every key adds to the same sums of a query, every query of a group to those of a key
  rounding: ({ dims: { context, length, heads, groups } }) =>
    f32Rounding(Math.max(context, (length * heads) / groups)),
  ways: waysOf,
});
