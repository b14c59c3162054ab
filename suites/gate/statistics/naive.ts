/**
 * Rules that gates commonly use, on the same simulated machine: base then head with pooled samples in a Mann-Whitney test, a
 * threshold on medians, ABBA with pooled samples. They show why the gate does what it does.
 */
import { median, normalCdf } from "./judge.js";
import { Dice, type Noise, SimulatedMachine, START_MS, TURN_MS } from "./simulate.js";

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
    flags: (base, head) => Math.abs(Math.log(median(head) / median(base))) > Math.log(1.03),
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
    const machine = new SimulatedMachine(noise, new Dice(seed, trial), 2 * PROCESSES * processMs(noise));
    const arms = { base: [] as number[], head: [] as number[] };
    for (let k = 0; k < 2 * PROCESSES; k++) {
      const head = rule.order === "ABBA" ? k % 4 === 1 || k % 4 === 2 : k >= PROCESSES;
      arms[head ? "head" : "base"].push(...processAlone(machine, noise));
    }
    if (rule.flags(arms.base, arms.head)) flagged++;
  }
  return { flagged, trials };
}

/** Samples of one process, one after the other. */
function processAlone(machine: SimulatedMachine, { samples }: Noise): number[] {
  machine.pass(START_MS);
  const level = machine.process();
  return Array.from({ length: samples }, () => machine.sample(level));
}

function processMs({ samples }: Noise): number {
  return START_MS + samples * TURN_MS;
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

/** A block's log ratio from the median of each of its processes, as commonly done: what `blockLogRatio` has to beat. */
export function logRatioOfMedians(
  base: readonly (readonly number[])[],
  head: readonly (readonly number[])[],
): number {
  const meanLog = (processes: readonly (readonly number[])[]) =>
    processes.reduce((sum, turns) => sum + Math.log(median(turns)), 0) / processes.length;
  return meanLog(head) - meanLog(base);
}
