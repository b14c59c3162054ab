/** What the WebGPU kernels of attention share. */
import type { Problem } from "../../operator.js";
import { type Attention, attentionScale } from "../operator.js";

/** The kernels' `Size` for one window. */
export function attentionSize(
  problem: Problem<Attention>,
  { batches, tokens, token0 }: { readonly batches: number; readonly tokens: number; readonly token0: number },
) {
  const { context, heads, groups, headDim, headDimV } = problem.dims;
  return {
    ...{ batches, tokens, context, heads, groups, head_dim: headDim, head_dim_v: headDimV, token0 },
    ...{ causal: problem.settings.causal ? 1 : 0, scale: attentionScale(problem) },
  };
}
