/**
 * Rules that gates commonly use, on the same simulated machine: base then head with pooled samples in a Mann-Whitney test, a
 * threshold on medians, ABBA with pooled samples. They show why the gate does what it does.
 */
import { normalCdf } from "../../reports/judge.js";
import { type Noise, normals, simulatedSamples } from "./simulate.js";

export interface NaiveRule {
  readonly says: string;
  /** Order in which the arms' processes run; each runs as many as the gate would spend on a case. */
  readonly order: "base, then head" | "ABBA";
  /** Whether the pooled samples of two identical arms are called different. */
  flags(base: readonly number[], head: readonly number[]): boolean;
}

const PROCESSES = 4;

export const NAIVE_RULES: readonly NaiveRule[] = [
  {
    says: "base, then head, all samples pooled, Mann-Whitney at 5%",
    order: "base, then head",
    flags: (base, head) => mannWhitneyP(base, head) <= 0.05,
  },
  {
    says: "base, then head, medians more than 3% apart",
    order: "base, then head",
    flags: (base, head) => Math.abs(Math.log(medianOf(head) / medianOf(base))) > Math.log(1.03),
  },
  {
    says: "ABBA, all samples pooled, Mann-Whitney at 5%",
    order: "ABBA",
    flags: (base, head) => mannWhitneyP(base, head) <= 0.05,
  },
];

/** How many of `trials` comparisons of identical code a rule calls different. */
export function simulateNaive(
  rule: NaiveRule,
  { noise, trials, seed }: { readonly noise: Noise; readonly trials: number; readonly seed: number },
): { flagged: number; trials: number } {
  let flagged = 0;
  for (let trial = 0; trial < trials; trial++) {
    const process = simulatedSamples(noise, normals(seed, trial), 2 * PROCESSES);
    const arms = { base: [] as number[], head: [] as number[] };
    for (let k = 0; k < 2 * PROCESSES; k++) {
      const head = rule.order === "ABBA" ? k % 4 === 1 || k % 4 === 2 : k >= PROCESSES;
      arms[head ? "head" : "base"].push(...process());
    }
    if (rule.flags(arms.base, arms.head)) flagged++;
  }
  return { flagged, trials };
}

/** Two-sided p of the rank-sum test in its normal approximation; samples of continuous noise have no ties. */
export function mannWhitneyP(one: readonly number[], other: readonly number[]): number {
  const [n, m] = [one.length, other.length];
  const mean = (n * (n + m + 1)) / 2;
  const z = (rankSum(one, other) - mean) / Math.sqrt((n * m * (n + m + 1)) / 12);
  return 2 * normalCdf(-Math.abs(z));
}

/** Sum of the ranks of `one` among all values. */
export function rankSum(one: readonly number[], other: readonly number[]): number {
  const ranked = [...one.map((v) => ({ v, first: true })), ...other.map((v) => ({ v, first: false }))];
  ranked.sort((a, b) => a.v - b.v);
  return ranked.reduce((sum, { first }, i) => sum + (first ? i + 1 : 0), 0);
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
