/**
 * Whether a case changed between two sides. Noise between runs is what counts: a process, its memory and the machine's mood differ
 * from run to run by far more than the samples of one run tell (pooled samples of one run call 41% of identical code changed).
 *
 * Three runs a side or more: a run has an effect of its own on all of its cases (the median of their deviations), and each case
 * scatters besides. Both variances enter the interval; a case's own is drawn halfway to that of its neighbours, because six
 * readings tell little of it. The degrees of freedom follow from the two parts (Satterthwaite 1946).
 *
 * Fewer: the scatter of all cases about no change is the only witness of the noise, and it cannot tell a change of all cases from a
 * run that was slow. Times are scaled by the drift of the ceilings measured in both runs before.
 *
 * Intervals are 99%: of a hundred cases that did not change one may be named.
 */
import { studentT99 } from "./student.js";

export type Verdict = "slower" | "faster" | "no difference shown" | "not enough data";

export interface Change {
  /** Time after over time before: above 1 is slower. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
  /** The smallest change, as a fraction, that this noise and so many runs can show. */
  readonly smallest: number;
  /** Runs a side that would show this case's ratio (or a change of 5%, where it is less), if it is there; for "not enough data". */
  readonly runsNeeded: number | undefined;
}

/** Log times, a value a run. */
export interface Readings {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** From so many runs a side on their own scatter is known. */
export const ENOUGH_RUNS = 3;
/** A case's own variance weighs as much as that of its neighbours at this many degrees of freedom. */
const NEIGHBOURS_DF = 4;
/** From so many cases on the effect of a run can be told from a case's. */
const ENOUGH_CASES = 5;
/** No machine repeats a run to less than this (standard deviation of a log time), whatever six readings say. */
const LEAST_SPREAD = 0.002;
/** With one run a side: what two runs of one case differ by at least. */
const LEAST_DIFFERENCE = 0.03;
/** What is worth finding, where a case shows less. */
const WORTH = 0.05;
const MOST_RUNS = 30;

/** Every case needs ENOUGH_RUNS readings a side. */
export function changesOfMany(cases: readonly Readings[]): Change[] {
  const split = cases.length >= ENOUGH_CASES;
  const runs = split ? runEffects(cases) : undefined;
  const own = cases.map(({ before, after }) => ({
    variance: pooled(minus(before, runs?.before), minus(after, runs?.after)),
    df: before.length + after.length - 2,
  }));
  const usual = median(own.map(({ variance }) => variance));
  return cases.map(({ before, after }, i) => {
    const share = 1 / before.length + 1 / after.length;
    const weight = split ? NEIGHBOURS_DF : 0;
    const variance = Math.max(
      LEAST_SPREAD ** 2,
      (own[i].df * own[i].variance + weight * usual) / (own[i].df + weight),
    );
    const ofCase = { variance: variance * share, df: own[i].df + weight };
    const ofRun = { variance: (runs?.variance ?? 0) * share, df: runs?.df ?? 1 };
    const half = halfWidth([ofCase, ofRun]);
    return conclude(mean(after) - mean(before), half, "no difference shown", undefined);
  });
}

/** A log ratio (after over before, already scaled by the ceilings), and its standard deviation from within the runs. */
export interface SingleReading {
  readonly logRatio: number;
  readonly sigmaWithin: number;
  /** Runs of the smaller side, 1 or 2. */
  readonly runs: number;
}

export function changesOfFew(cases: readonly SingleReading[]): Change[] {
  const spread = Math.max(LEAST_DIFFERENCE, 1.4826 * median(cases.map(({ logRatio }) => Math.abs(logRatio))));
  // tails are heavy: a case that a neighbour disturbed is off by several times the usual
  const df = Math.min(NEIGHBOURS_DF, cases.length - 1);
  return cases.map(({ logRatio, sigmaWithin, runs }) => {
    const sigma = Math.hypot(spread, sigmaWithin);
    const half = df > 0 ? studentT99(df) * sigma : Number.POSITIVE_INFINITY;
    return conclude(logRatio, half, "not enough data", runsFor(logRatio, sigma * Math.sqrt(runs / 2)));
  });
}

/** Runs a side from ENOUGH_RUNS on that would show this change, for a case whose log time has this deviation from run to run. */
export function runsFor(logRatio: number, sigma: number): number {
  const wanted = Math.max(Math.abs(logRatio), Math.log1p(WORTH));
  for (let runs = ENOUGH_RUNS; runs < MOST_RUNS; runs++)
    if (studentT99(2 * runs - 2) * sigma * Math.sqrt(2 / runs) <= wanted) return runs;
  return MOST_RUNS;
}

function conclude(
  logRatio: number,
  half: number,
  otherwise: Verdict,
  runsNeeded: number | undefined,
): Change {
  const [ratio, low, high] = [0, -half, half].map((step) => Math.exp(logRatio + step));
  const named = Math.abs(logRatio) > half;
  return {
    ratio,
    low,
    high,
    verdict: named ? (logRatio > 0 ? "slower" : "faster") : otherwise,
    smallest: Math.expm1(half),
    runsNeeded: named ? undefined : runsNeeded,
  };
}

interface Part {
  readonly variance: number;
  readonly df: number;
}

function halfWidth(parts: readonly Part[]): number {
  const variance = sum(parts.map((part) => part.variance));
  const df = variance ** 2 / sum(parts.map((part) => part.variance ** 2 / part.df));
  return studentT99(df) * Math.sqrt(variance);
}

/** What each run adds to all of its cases, relative to the mean of its side, and the variance of that. */
function runEffects(cases: readonly Readings[]) {
  const effects = (pick: (one: Readings) => readonly number[]) =>
    pick(cases[0]).map((_, run) => median(cases.map((one) => pick(one)[run] - mean(pick(one)))));
  const before = effects((one) => one.before);
  const after = effects((one) => one.after);
  return { before, after, variance: pooled(before, after), df: before.length + after.length - 2 };
}

function minus(values: readonly number[], effects: readonly number[] | undefined): number[] {
  return values.map((value, run) => value - (effects?.[run] ?? 0));
}

/** Variance within two sides together. */
function pooled(before: readonly number[], after: readonly number[]): number {
  const squares = [before, after].map((side) => sum(side.map((value) => (value - mean(side)) ** 2)));
  return (squares[0] + squares[1]) / (before.length + after.length - 2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
