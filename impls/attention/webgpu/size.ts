/** What the WebGPU kernels of attention share. */
import type { Stage } from "../../engines/webgpu/problem/stage.js";
import type { Window } from "../../engines/webgpu/problem/windows.js";
import type { Problem } from "../../operator.js";
import { type Attention, attentionScale } from "../operator.js";
import { isNarrowed, visibleKeys } from "../reference/visible.js";

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

/** First key and end of each query of a window, (batches tokens 2), where documents or a window leave less than causality does. */
export function spanTable(
  stage: Stage<Attention>,
  { batch0, batches, token0, tokens }: Window,
): GPUBuffer | undefined {
  if (!isNarrowed(stage.problem)) return undefined;
  const { first, end } = visibleKeys(stage.problem);
  const { length } = stage.problem.dims;
  const spans = Uint32Array.from({ length: 2 * batches * tokens }, (_, i) => {
    const row = Math.floor(i / 2);
    const at = (batch0 + Math.floor(row / tokens)) * length + token0 + (row % tokens);
    return i % 2 === 0 ? first[at] : end[at];
  });
  return stage.upload(spans);
}
