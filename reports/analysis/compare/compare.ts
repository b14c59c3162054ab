/** Two sides of runs as a list of changed cases, the slowest first: what every form of the comparison shows. */
import type { Measured } from "../../rows/row.js";
import { type Change, changesOfFew, changesOfMany, ENOUGH_RUNS, type SingleReading } from "./change.js";
import { logDrift } from "./drift.js";
import { type MachinePairs, type PairedCase, pairCases, type Sides } from "./sides.js";

export interface ComparedCase extends Change {
  readonly id: string;
  readonly device: string;
  readonly machine: string;
  readonly beforeNs: number;
  readonly afterNs: number;
  /** Runs that measured it. */
  readonly runs: readonly [before: number, after: number];
  /** What the machine's own ceilings changed by, which the ratio is free of; undefined where it was not scaled. */
  readonly drift: number | undefined;
}

export interface ComparedMachine {
  readonly machine: string;
  readonly runs: readonly [before: number, after: number];
  /** By ratio, the slowest first. */
  readonly cases: readonly ComparedCase[];
}

export interface Comparison {
  readonly machines: readonly ComparedMachine[];
  /** Sentences about what is left out. */
  readonly notes: readonly string[];
}

export function compareSides(sides: Sides): Comparison {
  const { machines, notes } = pairCases(sides);
  return { machines: machines.map(compareMachine), notes };
}

function compareMachine({ machine, runs, cases }: MachinePairs): ComparedMachine {
  const fewest = ({ before, after }: PairedCase) => Math.min(present(before).length, present(after).length);
  // the effect of a run is told from cases that every run of the machine measured
  const whole = (one: PairedCase) => [...one.before, ...one.after].every((row) => row !== undefined);
  const many = cases.filter((one) => fewest(one) >= ENOUGH_RUNS && whole(one));
  const few = cases.filter((one) => !many.includes(one));
  const changes = new Map<PairedCase, Change & { drift?: number | undefined }>();
  for (const [i, change] of changesOfMany(many.map(logTimes)).entries()) changes.set(many[i], change);
  const readings = few.map((one) => ({ ...singleReading(one), runs: Math.min(2, fewest(one)) }));
  for (const [i, change] of changesOfFew(readings).entries())
    changes.set(few[i], { ...change, drift: readings[i].drift });
  const compared = [...changes].map(([{ id, device, before, after }, change]): ComparedCase => {
    const sides = [present(before), present(after)] as const;
    return {
      ...change,
      id,
      device,
      machine,
      beforeNs: middle(sides[0]),
      afterNs: middle(sides[1]),
      runs: [sides[0].length, sides[1].length],
      drift: change.drift,
    };
  });
  return { machine, runs, cases: compared.toSorted((a, b) => b.ratio - a.ratio || (a.id < b.id ? -1 : 1)) };
}

function present(rows: PairedCase["before"]): Measured[] {
  return rows.filter((row) => row !== undefined);
}

/** Geometric mean of the runs' medians. */
function middle(rows: readonly Measured[]): number {
  return Math.exp(rows.reduce((sum, { medianNs }) => sum + Math.log(medianNs), 0) / rows.length);
}

function logTimes({ before, after }: PairedCase) {
  const logs = (rows: PairedCase["before"]) => present(rows).map(({ medianNs }) => Math.log(medianNs));
  return { before: logs(before), after: logs(after) };
}

const NORMAL_95 = 1.959964;

/** The runs of each side as one, scaled by the ceilings where all of them have any. */
function singleReading({ before, after }: PairedCase): Omit<SingleReading, "runs"> & { drift?: number } {
  const [was, is] = [present(before), present(after)];
  const drifts = was.flatMap((one) => is.map((other) => logDrift(one, other)));
  const known = drifts.filter((drift) => drift !== undefined);
  const drift = known.length === drifts.length ? known.reduce((a, b) => a + b, 0) / known.length : undefined;
  const sigma = ({ ci95LowNs, ci95HighNs }: Measured) =>
    ci95LowNs > 0 ? Math.log(ci95HighNs / ci95LowNs) / (2 * NORMAL_95) : 0;
  const within = (rows: readonly Measured[]) => Math.hypot(...rows.map(sigma)) / rows.length;
  return {
    logRatio: Math.log(middle(is) / middle(was)) - (drift ?? 0),
    sigmaWithin: Math.hypot(within(was), within(is)),
    ...(drift === undefined ? {} : { drift: Math.exp(drift) }),
  };
}
