/** What the machine itself changed between two runs: the ceiling that binds a case, measured in both. */
import type { Measured } from "../../rows/row.js";

export type Bound = "compute" | "memory";

export interface Ceilings {
  readonly bytesPerS: number;
  readonly flopsPerS: number;
}

/** Absent where a run could not measure both. */
export function ceilingsOf({ details }: Pick<Measured, "details">): Ceilings | undefined {
  const { ceilingBytesPerS: bytesPerS, ceilingFlopsPerS: flopsPerS } = details ?? {};
  const known = (value: unknown): value is number => typeof value === "number" && value > 0;
  return known(bytesPerS) && known(flopsPerS) ? { bytesPerS, flopsPerS } : undefined;
}

/** Which of the two takes longer at its ceiling: the least time of the case. */
export function bindingOf({ flops, bytes }: Pick<Measured, "flops" | "bytes">, ceilings: Ceilings): Bound {
  return flops / ceilings.flopsPerS >= bytes / ceilings.bytesPerS ? "compute" : "memory";
}

/**
 * Log of what the machine alone would have changed a case's time by, after over before; undefined where either run has no ceilings.
 */
export function logDrift(before: Measured, after: Measured): number | undefined {
  const [was, is] = [ceilingsOf(before), ceilingsOf(after)];
  if (!was || !is) return undefined;
  return bindingOf(before, was) === "compute"
    ? Math.log(was.flopsPerS / is.flopsPerS)
    : Math.log(was.bytesPerS / is.bytesPerS);
}
