/**
 * Rotary positions (RoFormer, arXiv 2104.09864, section 3.2.2) in the layout of LLaMA: channel i of the first half and channel i of the
 * second are a pair, turned by t base^(-2i / headDim); of an odd number the last one stays. Tables come of float64 and are rounded once,
 * so that no engine's sines matter.
 */

import type { Numbers } from "../../blocks/reference/numbers.js";

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

/** Turns the pairs of a head in place: two products, a sum, two entries of tables. */
export function turn(of: Numbers, turns: ReturnType<typeof turnsOf>, t: number): void {
  const half = Math.floor(of.value.length / 2);
  for (let i = 0; i < half; i++) {
    const [cos, sin] = [turns.cos[t * half + i], turns.sin[t * half + i]];
    const [absCos, absSin] = [Math.abs(cos), Math.abs(sin)];
    const [a, b] = [of.value[i], of.value[half + i]];
    of.value[i] = cos * a - sin * b;
    of.value[half + i] = sin * a + cos * b;
    const both = [absCos * Math.abs(a) + absSin * Math.abs(b), absSin * Math.abs(a) + absCos * Math.abs(b)];
    for (const field of ["certified", "stored"] as const) {
      const [ea, eb] = [of[field][i], of[field][half + i]];
      const own = field === "stored" ? 1 : 4;
      of[field][i] = absCos * ea + absSin * eb + own * both[0];
      of[field][half + i] = absSin * ea + absCos * eb + own * both[1];
    }
    for (const field of ["squares", "storedSquares"] as const) {
      const [va, vb] = [of[field][i], of[field][half + i]];
      const own = field === "storedSquares" ? 1 : 4;
      of[field][i] = cos * cos * va + sin * sin * vb + own * both[0] ** 2;
      of[field][half + i] = sin * sin * va + cos * cos * vb + own * both[1] ** 2;
    }
  }
}
