/** The sequence map inside of the block as a problem of attention, or of one step of it. */
import { type Attention, attention } from "../../attention/operator.js";
import { type AttentionDecode, attentionDecode } from "../../attention_decode/operator.js";
import { type Problem, randomProblem } from "../../operator.js";
import type { AttentionBlock } from "../operator.js";

export function prefillProblem({ dtype, dims, settings }: Problem<AttentionBlock>): Problem<Attention> {
  const { batch, length, context, heads, groups, headDim } = dims;
  return randomProblem(attention, {
    dtype,
    dims: { batch, length, context, heads, groups, headDim, headDimV: headDim },
    settings: { causal: true, scale: settings.scale },
  });
}

/** Of a block with a cache. */
export function stepProblem({ dtype, dims, settings }: Problem<AttentionBlock>): Problem<AttentionDecode> {
  const { batch, context, heads, groups, headDim } = dims;
  return randomProblem(attentionDecode, {
    dtype,
    dims: { batch, context, heads, groups, headDim, headDimV: headDim },
    settings: { scale: settings.scale },
  });
}
