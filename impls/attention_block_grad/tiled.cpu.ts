/** The block around FlashAttention's form, forward and backward. */
import { tiledCpu as gradient } from "../attention_grad/tiled.cpu.js";
import { bothWays } from "../blocks/cpu/gradients/both-ways.js";
import { hostRounding } from "../bound.js";
import { waysOf } from "./cpu/ways.js";
import { attentionBlockGrad } from "./operator.js";

export const tiledCpu = bothWays(attentionBlockGrad, {
  form: "tiled",
  source: `reverse mode through the block, around ${gradient.source}`,
  rounding: ({ dims: { context } }) => hostRounding(context, 1),
  ways: waysOf,
});
