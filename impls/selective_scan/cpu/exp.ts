/** The exponential of a decay: the scan takes one for every element of the state at every token, and little else. */

const STEPS = 8; // table entries an octave
const LOWEST = -90; // exp(-90) < 1e-38, which the floor of the bound counts as nothing
const OFFSET = Math.ceil((-LOWEST / Math.LN2) * STEPS) + 1;
const POWERS = Float64Array.from({ length: OFFSET + 1 }, (_, i) => 2 ** ((i - OFFSET) / STEPS));
const SCALE = STEPS / Math.LN2;
const STEP = Math.LN2 / STEPS;

/** Largest relative error of `expDecay`: r^7 / 7! at r = ln 2 / 16, and the rounding of r. */
export const EXP_DECAY_ERROR = 2 ** -43;

/**
 * exp(l) for l <= 0 within EXP_DECAY_ERROR, zero below -90: a table of 2^(k/8) and a polynomial of degree 6, faster than Math.exp.
 * Positive l and NaN go to Math.exp.
 */
export function expDecay(l: number): number {
  if (!(l >= LOWEST && l <= 0)) return l < LOWEST ? 0 : Math.exp(l);
  const k = (l * SCALE - 0.5) | 0;
  const r = l - k * STEP;
  // Estrin's order: a chain of four operations where Horner's would be twelve
  const r2 = r * r;
  const high = 1 / 24 + r * (1 / 120) + r2 * (1 / 720);
  return POWERS[k + OFFSET] * (1 + r + r2 * (1 / 2 + r * (1 / 6) + r2 * high));
}
