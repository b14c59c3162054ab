/** How a run spends its time: what a case may cost before it is skipped, and how long a case that runs is sampled. */

import { REFERENCE_STEPS } from "../check/lanes.js";
import type { Grid } from "../suite.js";

export interface GridBudget {
  /** Wall clock from the start of the process to the last measurement; charts and slack come on top. */
  readonly totalNs: number;
  /** A case predicted to need more than this is skipped, however much time is left. */
  readonly caseNs: number;
  /** Sampling time a case gets at most beyond its fewest samples. */
  readonly sampleNs: number;
  /** Length of one turn of one implementation in a round. */
  readonly turnNs: number;
  readonly warmNs: number;
  readonly maxSamples: number;
  /** A call without an answer for so long (and twenty times its predicted time) ends the engine's process. */
  readonly deadlineMs: number;
  /** How long the power of each case is looked at, where the machine tells it; 0: only clocks, temperatures and throttles. */
  readonly meterNs: number;
  /** Steps of float64 reference a problem may cost while all lanes are checked. */
  readonly referenceSteps: number;
}

const S = 1e9;

export const BUDGETS: Readonly<Record<Grid, GridBudget>> = {
  quick: {
    totalNs: 42 * S,
    caseNs: 10 * S,
    sampleNs: 0.15 * S,
    turnNs: 0.01 * S,
    warmNs: 0.02 * S,
    maxSamples: 500,
    deadlineMs: 10_000,
    meterNs: 0,
    referenceSteps: 3e6,
  },
  default: {
    totalNs: 225 * S,
    caseNs: 45 * S,
    sampleNs: 1.5 * S,
    turnNs: 0.03 * S,
    warmNs: 0.1 * S,
    maxSamples: 1000,
    deadlineMs: 30_000,
    meterNs: 0.15 * S,
    referenceSteps: REFERENCE_STEPS,
  },
  paper: {
    totalNs: 6 * 3600 * S,
    caseNs: 600 * S,
    sampleNs: 5 * S,
    turnNs: 0.1 * S,
    warmNs: 0.3 * S,
    maxSamples: 2000,
    deadlineMs: 120_000,
    meterNs: S,
    referenceSteps: REFERENCE_STEPS,
  },
};

/** Verification, one warm-up and the fewest samples: the runs without which there is no row. */
export const FEWEST_SAMPLES = 6;
/** Of a case whose six runs would take too long; its interval is then the range, and the row says so. */
export const FEWEST_SLOW_SAMPLES = 3;
export const FEWEST_ROUNDS = 3;

/**
 * Cases that cost less than one such part of the run's time are not skipped to save time for larger ones, even in a short overtime:
 * of a panel, so little that skipping would gain nothing; of the figure, its reference included, since readers look there first; and
 * the long sizes of its linear curves, of which each may be as long as a case may be.
 */
const IN_OVERTIME = { panel: 600, figure: 60, reach: 1 } as const;
/** On a slow or busy machine fast implementations still get their points, and linear curves their ends. */
const OVERTIME = { panel: 1.15, figure: 1.15, reach: 1.19 } as const;

/** Tells a case how much of the run's time is its own. */
export class Budget {
  private spentNs = 0;

  constructor(private readonly grid: GridBudget) {}

  spend(ns: number): void {
    this.spentNs += ns;
  }

  get remainingNs(): number {
    return Math.max(0, this.grid.totalNs - this.spentNs);
  }

  /**
   * Most that one case may cost in all.
   * @param curvesLeft curves that still go on and share what is free; 1 for a case with a priority of its own
   * @param reservedNs what cases of an earlier priority will take
   * @param missed who would miss it: readers of the figure, whose linear curves go to the end of the axis (`reach`), or of a panel
   */
  limitNs(curvesLeft: number, reservedNs: number, missed: keyof typeof IN_OVERTIME): number {
    const free = Math.max(0, this.remainingNs - reservedNs);
    const share = free / Math.max(1, curvesLeft);
    const overtimeNs = Math.max(0, OVERTIME[missed] * this.grid.totalNs - this.spentNs);
    // what only a panel would miss waits while all that is left is kept for others
    const isKept = missed === "panel" && reservedNs > 0 && free === 0;
    const granted = isKept ? 0 : Math.min(this.grid.totalNs / IN_OVERTIME[missed], overtimeNs);
    return Math.min(this.grid.caseNs, Math.max(share, granted));
  }

  /** Whether even what overtime is for must wait. */
  get isOver(): boolean {
    return this.spentNs > OVERTIME.reach * this.grid.totalNs;
  }

  /** Sampling time of one of `casesLeft` cases. */
  sampleNs(casesLeft: number, reservedNs: number): number {
    const free = Math.max(0, this.remainingNs - reservedNs);
    return Math.min(this.grid.sampleNs, (0.6 * free) / Math.max(1, casesLeft));
  }
}

/** What a case of this run time costs at least: the verified run and the fewest samples. */
export function leastCostNs(runNs: number): number {
  return runNs * (1 + FEWEST_SLOW_SAMPLES);
}
