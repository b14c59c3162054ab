/**
 * Rotary positions (RoFormer, arXiv 2104.09864, section 3.2.2) in the layout of LLaMA: channel i of the first half and channel i of the
 * second are a pair, turned by t base^(-2i / headDim); of an odd number the last one stays. Tables come of float64 and are rounded once,
 * so that no engine's sines matter.
 */

/** Cosines and sines of the angles of some tokens: (tokens, pairs) each. @param first the first token's position */
export function turnsOf(
  first: number,
  tokens: number,
  headDim: number,
  base: number,
): { readonly cos: Float64Array; readonly sin: Float64Array } {
  const half = Math.floor(headDim / 2);
  const [cos, sin] = [new Float64Array(tokens * half), new Float64Array(tokens * half)];
  for (let t = 0; t < tokens; t++)
    for (let i = 0; i < half; i++) {
      const angle = (first + t) * base ** (-i / half);
      cos[t * half + i] = Math.cos(angle);
      sin[t * half + i] = Math.sin(angle);
    }
  return { cos, sin };
}
