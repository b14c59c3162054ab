/**
 * Monte-Carlo of the gate's decision rule under chosen noise, so that its false-fail rate and power can be checked by anyone
 * (`npm run gate -- --simulate`). Noise of a measurement, as seen between fresh processes on shared machines:
 * log time = log truth + drift of the machine + N(0, process sd) + median of `samples` draws of N(0, sample sd).
 */
import { hashAt, streamKeys } from "../../impls/random.js";
import { blockLogRatio, DEFAULT_RULE, type Rule } from "../../reports/judge.js";
import { type BlockSource, decide } from "./decision.js";

export interface Noise {
  /** Standard deviation between processes, as a fraction. */
  readonly processSd: number;
  /** Standard deviation of one sample within a process. */
  readonly sampleSd: number;
  readonly samples: number;
  /** Peak of the machine's slow drift over the whole run, as a fraction. */
  readonly drift: number;
}

export const ORDINARY_NOISE: Noise = { processSd: 0.02, sampleSd: 0.03, samples: 15, drift: 0.03 };

export interface Simulation {
  readonly runs: number;
  readonly cases: number;
  /** True slowdown of the first case, e.g. 0.1; the others are unchanged. */
  readonly slowdown: number;
  readonly seed: number;
  readonly noise: Noise;
  readonly rule: Rule;
}

export interface SimulationResult {
  /** Runs in which an unchanged case was flagged. */
  readonly falseFails: number;
  /** Runs in which the slowed case was flagged. */
  readonly detections: number;
  readonly runs: number;
}

export const DEFAULT_SIMULATION: Simulation = {
  runs: 1000,
  cases: 20,
  slowdown: 0,
  seed: 0,
  noise: ORDINARY_NOISE,
  rule: DEFAULT_RULE,
};

/** Standard normal numbers, a pure function of (seed, run, index): Box-Muller on the harness's own generator. */
export function normals(seed: number, run: number): () => number {
  const keys = streamKeys(seed, "simulate");
  let index = 0;
  const uniform = () => (hashAt(keys, run, index++) + 0.5) / 2 ** 32;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1];
}

export async function simulate(simulation: Simulation): Promise<SimulationResult> {
  let falseFails = 0;
  let detections = 0;
  for (let run = 0; run < simulation.runs; run++) {
    const decisions = await decide(simulatedBlocks(simulation, run), simulation.rule);
    const flagged = decisions.flatMap(({ outcome }, index) => (outcome === "slower" ? [index] : []));
    if (flagged.some((index) => simulation.slowdown === 0 || index > 0)) falseFails++;
    if (simulation.slowdown > 0 && flagged.includes(0)) detections++;
  }
  return { falseFails, detections, runs: simulation.runs };
}

/** Blocks of one simulated gate run. */
function simulatedBlocks({ cases, slowdown, seed, noise, rule }: Simulation, run: number): BlockSource {
  const normal = normals(seed, run);
  const process = simulatedSamples(noise, normal, cases * 4 * rule.screenBlocks);
  const measure = (truth: number) => truth * median(process());
  const block = (index: number) => {
    const head = index === 0 ? 1 + slowdown : 1;
    // ABBA or BAAB, by a coin
    if (normal() > 0) {
      const [a1, b1, b2, a2] = [measure(1), measure(head), measure(head), measure(1)];
      return blockLogRatio([a1, a2], [b1, b2]);
    }
    const [b1, a1, a2, b2] = [measure(head), measure(1), measure(1), measure(head)];
    return blockLogRatio([a1, a2], [b1, b2]);
  };
  return {
    screen: async () =>
      Array.from({ length: cases }, (_, index) =>
        Array.from({ length: rule.screenBlocks }, () => block(index)),
      ),
    confirm: async (index) => block(index),
  };
}

/** Samples of one process after another, identical code, under a drift that passes its peak in mid-run. */
export function simulatedSamples(
  noise: Noise,
  normal: () => number,
  expectedProcesses: number,
): () => number[] {
  let processes = 0;
  return () => {
    const drift = noise.drift * Math.sin((Math.PI * processes++) / expectedProcesses);
    const level = drift + noise.processSd * normal();
    return Array.from({ length: noise.samples }, () => Math.exp(level + noise.sampleSd * normal()));
  };
}

/** Largest rate that `hits` of `trials` leaves possible at 95%: exact Clopper-Pearson upper limit, by bisection. */
export function upperBound95(hits: number, trials: number): number {
  let low = hits / trials;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const rate = (low + high) / 2;
    if (binomialCdf(hits, trials, rate) > 0.05) low = rate;
    else high = rate;
  }
  return high;
}

function binomialCdf(hits: number, trials: number, rate: number): number {
  if (rate >= 1) return hits >= trials ? 1 : 0;
  let logTerm = trials * Math.log1p(-rate);
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= hits; k++) {
    logTerm += Math.log((trials - k + 1) / k) + Math.log(rate) - Math.log1p(-rate);
    sum += Math.exp(logTerm);
  }
  return sum;
}
