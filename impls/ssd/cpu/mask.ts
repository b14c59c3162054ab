/** The 1-semiseparable mask L[t, s] = a_(s+1) ... a_t (equation 4 of the paper), built row by row on the host. */

/** Products below it become zero: they are slow denormals soon after, and no float32 result can tell (floor of the bound). */
const NEGLIGIBLE = 1e-37;

/**
 * Turns row t - 1 of the mask into row t in place: entry s is multiplied by a_t, then the diagonal entry t becomes 1.
 * Products of decays, never a ratio of running products or a difference of running sums, both of which cancel (listing 1).
 * @param mask at least t + 1 long
 */
export function nextMaskRow(mask: Float64Array, t: number, a: number): void {
  for (let s = 0; s < t; s++) {
    const product = mask[s] * a;
    mask[s] = product < NEGLIGIBLE ? 0 : product;
  }
  mask[t] = 1;
}
