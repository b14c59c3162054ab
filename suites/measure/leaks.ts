/** Does every run leave memory behind? Told apart from what compilers and collectors keep once. */

/** A stretch of runs. */
export interface Stretch {
  /** Live memory after it, less that before it, both after collecting garbage. */
  readonly bytes: number;
  readonly runs: number;
}

/** Fewer stretches than this cannot tell a leak from a compilation. */
export const FEWEST_STRETCHES = 3;
/** From so many on, one may differ: what was garbage before it may have been swept in it. */
const FORGIVING_STRETCHES = 4;
const NOISE_BYTES = 32 * 1024;

/**
 * Bytes a run: the least of all stretches (but one, of many), since only a leak shows in every one. 0 when there is none, or no
 * telling.
 */
export function leakedBytesPerRun(stretches: readonly Stretch[]): number {
  if (stretches.length < FEWEST_STRETCHES) return 0;
  const sorted = stretches.toSorted((a, b) => a.bytes - b.bytes);
  const counted = sorted.slice(stretches.length >= FORGIVING_STRETCHES ? 1 : 0);
  const total = stretches.reduce((sum, { bytes }) => sum + bytes, 0);
  if (counted[0].bytes < NOISE_BYTES || total < NOISE_BYTES * counted.length) return 0;
  return Math.min(...counted.map(({ bytes, runs }) => bytes / runs));
}
