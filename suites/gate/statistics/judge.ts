/**
 * The gate's statistics: blocks of fresh processes, an exact sign-flip test, Holm's correction. Pure functions of numbers.
 *
 * A block measures both arms in two fresh processes each, which take short turns (ABBA BAAB ...), and keeps one number, the log of the
 * arms' ratio. Drift inside a block cancels to first order, noise between processes stays inside the block, and which arm begins is a
 * coin: under "no change" a block's number is as likely as its negative, and that is all the test assumes. Pooling samples instead
 * flags identical code in over 40% of runs (README, "The gate").
 */

import { studentT95 } from "../../../reports/analysis/growth.js";

/** Standard deviation of the median of four normal numbers over that of their mean (0.5461 to 0.5). */
const MEDIAN_SD = 1.092;

/** Most blocks for which all sign patterns are walked: 2^20 sums. */
const MOST_BLOCKS = 20;

/** What `blockLogRatio` is, in the words of a verdict. */
export const BLOCK_ESTIMATOR =
  "median over all rounds of a block and all pairs of its processes of head's turn over base's turn of the same round";

/** The same of a machine against its own past, where no turns can be paired. */
export const PAST_ESTIMATOR = "least turn of a process over that of the process of the same place then";

/**
 * Log ratio head / base of one block: each turn of a head process over each turn of a base process of the same round, and the middle of
 * those. A machine with a fast and a slow mode (a neighbour on the same core) gives processes whose medians lie in different modes
 * by chance; turns of one round lie some milliseconds apart and mostly share the mode, which cancels. Exchanging the arms turns the
 * sign, so the test stays exact.
 * @param base times in one unit by process, then round; all processes have as many rounds
 */
export function blockLogRatio(
  base: readonly (readonly number[])[],
  head: readonly (readonly number[])[],
): number {
  return median(
    base.flatMap((before) =>
      head.flatMap((after) => before.map((ns, round) => Math.log(after[round]) - Math.log(ns))),
    ),
  );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/**
 * One-sided exact sign-flip test of "the centre of `values` is at most 0": the share of the 2^n sign patterns whose sum is at least
 * the observed one. Exact when values are symmetric about 0 under the null (Fisher's randomisation test).
 * @throws above 20 values, where walking all patterns would take seconds
 */
export function signFlipP(values: readonly number[]): number {
  const n = values.length;
  if (n === 0) return 1;
  if (n > MOST_BLOCKS)
    throw new Error(`sign-flip test walks 2^n patterns: at most ${MOST_BLOCKS} blocks, got ${n}`);
  const sum = values.reduce((total, v) => total + v, 0);
  // a pattern that equals the observed sum up to rounding counts as equal, or p could miss the observed pattern itself
  const slack = 1e-12 * values.reduce((total, v) => total + Math.abs(v), 0);
  let atLeast = 0;
  let flipped = sum;
  let pattern = 0;
  for (let k = 0; k < 2 ** n; k++) {
    if (flipped >= sum - slack) atLeast++;
    // Gray code: pattern k + 1 differs from pattern k in the lowest set bit of k + 1
    const bit = 31 - Math.clz32((k + 1) & -(k + 1));
    if (bit >= n) break;
    pattern ^= 1 << bit;
    flipped += (pattern & (1 << bit)) !== 0 ? -2 * values[bit] : 2 * values[bit];
  }
  return atLeast / 2 ** n;
}

/** Holm's step-down adjusted p values, in the order given: reject where the result is at most alpha. */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((i, j) => p[i] - p[j]);
  const adjusted = new Array<number>(p.length);
  let running = 0;
  order.forEach((i, rank) => {
    running = Math.max(running, Math.min(1, (p.length - rank) * p[i]));
    adjusted[i] = running;
  });
  return adjusted;
}

export interface Rule {
  /** A slowdown of at most this fraction is not a regression. */
  readonly delta: number;
  readonly alpha: number;
  readonly screenBlocks: number;
  /** A case whose middle screening ratio exceeds 1 + this is measured again, afresh. */
  readonly escalateAbove: number;
  readonly confirmBlocks: number;
  /** After so many confirming blocks a case whose middle is within delta is let go: that can only turn a fail into a pass. */
  readonly futilityBlocks: number;
}

export const DEFAULT_RULE: Rule = {
  delta: 0.03,
  alpha: 0.05,
  screenBlocks: 4,
  escalateAbove: 0.015,
  confirmBlocks: 12,
  futilityBlocks: 6,
};

/** Mean of log ratios as a ratio: the geometric mean over blocks. */
export function meanRatio(logRatios: readonly number[]): number {
  return Math.exp(logRatios.reduce((sum, v) => sum + v, 0) / logRatios.length);
}

/**
 * Whether a screened case goes on to the confirming blocks. The same rule, on 1 / ratio, finds improvements. The median, not the mean:
 * on a shared machine about one block in fifteen is off by 10 to 20% (a process of the four that stays slow), and a mean of four would
 * escalate each of those cases in vain.
 */
export function escalates(logRatios: readonly number[], rule: Rule): boolean {
  return Math.exp(median(logRatios)) > 1 + rule.escalateAbove;
}

/** p of "head is at most 1 + delta times base" from confirming blocks. */
export function slowdownP(logRatios: readonly number[], rule: Rule): number {
  return signFlipP(logRatios.map((v) => v - Math.log(1 + rule.delta)));
}

/** p of "base is at most 1 + delta times head": an improvement. */
export function speedupP(logRatios: readonly number[], rule: Rule): number {
  return slowdownP(
    logRatios.map((v) => -v),
    rule,
  );
}

/** Whether further blocks of a case (log ratios, slowdown positive) would be wasted: their middle is within delta so far. */
export function futile(logRatios: readonly number[], rule: Rule): boolean {
  return logRatios.length >= rule.futilityBlocks && Math.exp(median(logRatios)) <= 1 + rule.delta;
}

/**
 * The smallest slowdown that a case with this noise is seen at with at least 80% power. Two hurdles: the screening median must exceed
 * `escalateAbove`, the confirming mean delta by the quantile of the level; both are about normal, and each hurdle may cost
 * half of the 20%. `comparisons` is the Holm family it must survive.
 */
export function minimalDetectable(logRatios: readonly number[], rule: Rule, comparisons = 1): number {
  if (logRatios.length < 2) return Number.POSITIVE_INFINITY;
  const sd = standardDeviation(logRatios);
  const z = normalQuantile(0.9);
  const screened = Math.log(1 + rule.escalateAbove) + (z * MEDIAN_SD * sd) / Math.sqrt(rule.screenBlocks);
  const level = normalQuantile(1 - rule.alpha / Math.max(1, comparisons));
  const confirmed = Math.log(1 + rule.delta) + ((level + z) * sd) / Math.sqrt(rule.confirmBlocks);
  return Math.exp(Math.max(screened, confirmed)) - 1;
}

/** 95% interval of the ratio by Student's t on the logs; from 0 to infinity below two blocks. */
export function ratioInterval95(logRatios: readonly number[]): { low: number; high: number } {
  const n = logRatios.length;
  if (n < 2) return { low: 0, high: Number.POSITIVE_INFINITY };
  const half = (studentT95(n - 1) * standardDeviation(logRatios)) / Math.sqrt(n);
  const mean = Math.log(meanRatio(logRatios));
  return { low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

function standardDeviation(values: readonly number[]): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
}

/** Quantile of the standard normal, by bisection of an erfc good to 1e-7: the gate needs three digits. */
export function normalQuantile(probability: number): number {
  let low = -8;
  let high = 8;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Abramowitz and Stegun 7.1.26, good to 1e-7. */
export function normalCdf(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (poly * Math.exp((-x * x) / 2)) / 2;
  return x > 0 ? 1 - tail : tail;
}
