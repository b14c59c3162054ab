/**
 * How time grows: the slope of log time over log x, by weighted least squares over the largest measured sizes (small ones show fixed
 * costs). Weights come from each point's 95% interval, no point counting as better known than 1%; where points scatter about the line by
 * more than that, the interval widens by their scatter.
 */
import { type Curve, measuredOf } from "./curves.js";

export interface Growth {
  /** Time goes as x to this power. */
  readonly exponent: number;
  /** 95% interval. */
  readonly low: number;
  readonly high: number;
  /** Sizes fitted, smallest and largest. */
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

export interface WeightedPoint {
  readonly x: number;
  readonly y: number;
  /** Standard error of y. */
  readonly sigma: number;
}

const FITTED = 5;
const LEAST = 3;
const KNOWN_TO = 0.01;
const NORMAL_95 = 1.959964;

export function growthOf(curve: Curve): Growth | undefined {
  // a coarse clock may give an interval that begins at zero: such a point is known to no factor
  const measured = measuredOf(curve).filter(
    ({ x, ns, lowNs }) => x !== undefined && x > 0 && ns > 0 && lowNs > 0,
  );
  const used = measured.slice(-FITTED);
  if (used.length < LEAST) return undefined;
  const fit = weightedSlope(
    used.map(({ x, ns, lowNs, highNs }) => ({
      x: Math.log(x!),
      y: Math.log(ns),
      sigma: Math.max(KNOWN_TO, Math.log(highNs / lowNs) / (2 * NORMAL_95) || 0),
    })),
  );
  const half = studentT95(used.length - 2) * fit.standardError;
  return {
    exponent: fit.slope,
    low: fit.slope - half,
    high: fit.slope + half,
    from: used[0].x!,
    to: used.at(-1)!.x!,
    points: used.length,
  };
}

/** Slope and its standard error; the error is scaled by the scatter when that exceeds what the sigmas promise (chi^2/df > 1). */
export function weightedSlope(points: readonly WeightedPoint[]): { slope: number; standardError: number } {
  const w = points.map(({ sigma }) => 1 / sigma ** 2);
  const sum = (f: (point: WeightedPoint, i: number) => number) =>
    points.reduce((total, point, i) => total + w[i] * f(point, i), 0);
  const total = sum(() => 1);
  const meanX = sum(({ x }) => x) / total;
  const meanY = sum(({ y }) => y) / total;
  const spread = sum(({ x }) => (x - meanX) ** 2);
  const slope = sum(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
  const chi2 = sum(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2);
  return { slope, standardError: Math.sqrt(Math.max(1, chi2 / (points.length - 2)) / spread) };
}

/** Two-sided 95% quantiles of Student's t, df = 1.. (Abramowitz & Stegun table 26.10). */
const T95 = [
  12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814, 2.20099, 2.17881,
  2.16037, 2.14479, 2.13145,
];

/** @param df from 1 on; beyond the table its last entry, which is on the wide side */
export function studentT95(df: number): number {
  return T95[Math.min(df, T95.length) - 1];
}
