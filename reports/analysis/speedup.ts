/**
 * How many times faster one curve is than another, size by size. Both medians carry an order-statistic interval; the ratio's interval
 * follows from them by MOVER on the log scale (Donner & Zou 2012): each bound takes the squared distances of the two medians to the ends
 * that pull it that way. It needs no samples, keeps asymmetric intervals asymmetric, and has about the coverage of its parts.
 * An interval covers noise within this run, not differences between runs.
 */
import { type Curve, measuredOf, type Point } from "./curves.js";

export interface Ratio {
  readonly x: number;
  /** Time of the other divided by time of the one: above 1, the one is faster. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly one: Point;
  readonly other: Point;
}

type Timed = Pick<Point, "ns" | "lowNs" | "highNs">;

/** Interval of other.ns / one.ns. */
export function ratioInterval(one: Timed, other: Timed): { ratio: number; low: number; high: number } {
  const ratio = other.ns / one.ns;
  const down = Math.hypot(Math.log(other.ns / other.lowNs), Math.log(one.highNs / one.ns));
  const up = Math.hypot(Math.log(other.highNs / other.ns), Math.log(one.ns / one.lowNs));
  return { ratio, low: ratio * Math.exp(-down), high: ratio * Math.exp(up) };
}

/** At every size where both were measured; a level curve stands against every size of the other. */
export function speedups(one: Curve, other: Curve): Ratio[] {
  const theirs = measuredOf(other);
  const bySize = new Map(theirs.map((point) => [point.x, point]));
  const level = bySize.get(undefined);
  return measuredOf(one).flatMap((mine) => {
    const match = bySize.get(mine.x) ?? level;
    if (mine.x === undefined || !match) return [];
    return [{ x: mine.x, one: mine, other: match, ...ratioInterval(mine, match) }];
  });
}

/** The smallest size from which on the one is faster at every measured size, with its interval above 1. */
export function fasterFrom(ratios: readonly Ratio[]): number | undefined {
  const lastSlower = ratios.findLastIndex(({ low }) => low <= 1);
  return ratios[lastSlower + 1]?.x;
}
