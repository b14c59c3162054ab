/** What the WebGPU kernels of attention share. */
import type { Problem } from "../../operator.js";
import type { Attention } from "../operator.js";

const word = new Float32Array(1);

/** The kernels' `Size`, as u32 words; the scale stands as the bits of an f32. */
export function attentionSize(
  problem: Problem<Attention>,
  window: { batches: number; tokens: number; token0: number },
  scale: number,
): number[] {
  const { context, heads, groups, headDim, headDimV } = problem.dims;
  word[0] = scale;
  const bits = new Uint32Array(word.buffer)[0];
  return [
    window.batches,
    window.tokens,
    context,
    heads,
    groups,
    headDim,
    headDimV,
    window.token0,
    problem.settings.causal ? 1 : 0,
    bits,
  ];
}
