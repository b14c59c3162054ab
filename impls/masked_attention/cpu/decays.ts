/** Decays of a mask on the host. */

/**
 * exp(j logGamma) for every distance j of one head, times m where there is one. Each power by itself: products of a rounded gamma drift.
 */
export function fillDiagonal(
  diagonal: Float32Array,
  m: Float32Array | undefined,
  logGamma: Float32Array | undefined,
  head: number,
  first: number,
  length: number,
): void {
  for (let j = 0; j < length; j++) {
    // gamma = 0 has no logarithm to multiply by 0
    const power = logGamma && j > 0 ? Math.exp(j * logGamma[head]) : 1;
    diagonal[first + j] = m ? m[head * length + j] * power : power;
  }
}
