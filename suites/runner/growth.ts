/** Does every run leave memory behind? Told apart from what compilers and collectors keep once. */

export interface GrowthWindow {
  /** Live memory after a stretch of runs, less that before it, both after collecting garbage. */
  readonly bytes: number;
  readonly runs: number;
}

/** Fewer stretches than this cannot tell a leak from a compilation. */
export const FEWEST_WINDOWS = 3;
const NOISE_BYTES = 32 * 1024;

/** Bytes a run: the least of all stretches, since only a leak grows in every one of them. 0 when there is none, or no telling. */
export function sustainedGrowth(windows: readonly GrowthWindow[]): number {
  if (windows.length < FEWEST_WINDOWS || windows.some(({ bytes }) => bytes < NOISE_BYTES)) return 0;
  return Math.min(...windows.map(({ bytes, runs }) => bytes / runs));
}
