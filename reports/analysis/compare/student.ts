/** Two-sided 99% quantiles of Student's t (Abramowitz & Stegun table 26.10), between its entries linear in 1 / df. */
const T99: readonly (readonly [df: number, t: number])[] = [
  [1, 63.657],
  [2, 9.925],
  [3, 5.841],
  [4, 4.604],
  [5, 4.032],
  [6, 3.707],
  [7, 3.499],
  [8, 3.355],
  [9, 3.25],
  [10, 3.169],
  [12, 3.055],
  [15, 2.947],
  [20, 2.845],
  [30, 2.75],
  [60, 2.66],
  [Number.POSITIVE_INFINITY, 2.576],
];

/** @param df any number from 1 on; below it is taken as 1 */
export function studentT99(df: number): number {
  const at = T99.findIndex(([known]) => known >= df);
  if (at <= 0) return T99[0][1];
  const [[below, t0], [above, t1]] = [T99[at - 1], T99[at]];
  const place = (1 / below - 1 / df) / (1 / below - 1 / above);
  return t0 + place * (t1 - t0);
}
