/**
 * Growth exponents of head's times over length and state against what each form promises. A curve fails when the 95% interval of its
 * exponent lies wholly above promise and tolerance, and wholly above the base's interval: noise moves both arms alike.
 */

import { studentT95, weightedSlope } from "../../../reports/analysis/growth.js";
import type { Check } from "../../../reports/gate/verdict.js";
import { parseCaseName } from "../../../reports/rows/case-id.js";
import type { GateCase } from "../cases.js";
import type { ArmTimes } from "../experiment.js";
import type { Sides } from "../lab.js";

/** Caches and fixed costs bend curves over a factor of eight in size by about this much. */
const TOLERANCE = 0.25;
const FEWEST_POINTS = 3;
const KNOWN_TO = 0.01;

const AXES = [
  { axis: "length", suite: "sequence-length" },
  { axis: "state", suite: "state-size" },
] as const;

/** Power of the length by form; every form is at most linear in the state. */
const OVER_LENGTH: Readonly<Record<string, number>> = { quadratic: 2, materialised: 2, tiled: 2 };

export interface TimedCase {
  readonly gated: GateCase;
  readonly times: ArmTimes;
}

export interface Exponent {
  readonly exponent: number;
  readonly low: number;
  readonly high: number;
}

export function growthChecks(timed: readonly TimedCase[]): Check[] {
  return AXES.flatMap(({ axis, suite }) => {
    const curves = new Map<string, TimedCase[]>();
    for (const entry of timed) {
      const { gated } = entry;
      if (!gated.suites.includes(suite) || sizeOf(gated, axis) === undefined) continue;
      const key = [gated.name, gated.target.device, gated.head.options.make, gated.head.options.threads].join(
        " ",
      );
      curves.set(key, [...(curves.get(key) ?? []), entry]);
    }
    return [...curves.values()].flatMap((curve) => verdictOf(curve, axis));
  });
}

function verdictOf(curve: readonly TimedCase[], axis: "length" | "state"): Check[] {
  const { name } = curve[0].gated;
  const promised = axis === "length" ? (OVER_LENGTH[parseCaseName(name).form] ?? 1) : 1;
  const fit = { base: exponentOf(curve, axis, "base"), head: exponentOf(curve, axis, "head") };
  const { base, head } = fit;
  if (!head || !base) return [];
  const above = ({ low }: Exponent) => low > promised + TOLERANCE;
  const status = !above(head) ? "pass" : above(base) || head.low <= base.high ? "known" : "fail";
  const said = ({ exponent, low, high }: Exponent) =>
    `${axis}^${exponent.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  const detail = `${said(head)}, promised at most ${axis}^${promised}; base ${said(base)}`;
  return [{ name: "growth", what: `${name} over ${axis}`, status, detail }];
}

/** Undefined with fewer than three sizes. */
export function exponentOf(
  curve: readonly TimedCase[],
  axis: "length" | "state",
  arm: keyof Sides<unknown>,
): Exponent | undefined {
  const points = curve.flatMap(({ gated, times }) => {
    const logs = times[arm].map(Math.log).sort((a, b) => a - b);
    if (logs.length < 2) return [];
    const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length;
    const variance = logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (logs.length - 1);
    const sigma = Math.max(KNOWN_TO, Math.sqrt(variance / logs.length));
    // the least of the medians: a busy machine slows long runs more than short ones
    return [{ x: Math.log(sizeOf(gated, axis)!), y: logs[0], sigma }];
  });
  if (points.length < FEWEST_POINTS) return undefined;
  const { slope, standardError } = weightedSlope(points);
  const half = studentT95(points.length - 2) * standardError;
  return { exponent: slope, low: slope - half, high: slope + half };
}

function sizeOf({ problem }: GateCase, axis: string): number | undefined {
  return (problem.dims as Readonly<Record<string, number>>)[axis];
}
