/** The learning rate of a step: a straight line up, then half a cosine down to nothing (arXiv 1608.03983, without restarts). */

export interface Schedule {
  /** The largest rate. */
  readonly rate: number;
  readonly steps: number;
  /** Steps until the largest rate is reached. */
  readonly warmUp: number;
}

/** @param step from 0; its rate is above 0, and 0 behind the last step */
export function rateAt({ rate, steps, warmUp }: Schedule, step: number): number {
  if (step < warmUp) return (rate * (step + 1)) / warmUp;
  const done = Math.min(1, (step - warmUp) / Math.max(1, steps - warmUp));
  return (rate * (1 + Math.cos(Math.PI * done))) / 2;
}
