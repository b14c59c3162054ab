/**
 * Monte-Carlo of the gate's decision rule under chosen noise, so that its false-fail rate and power can be checked by anyone
 * (`npm run gate -- --simulate`). Noise of a measurement, as seen on shared machines:
 * log time = log truth + drift of the machine + its mode + N(0, process sd), one a process, + N(0, sample sd), one a turn.
 * The mode is that of a host whose cores are shared: fast, then slow while a neighbour works, for random spells.
 */
import { hashAt, type StreamKeys, streamKeys } from "../../../impls/random.js";
import { type BlockSource, decide } from "./decision.js";
import { blockLogRatio, DEFAULT_RULE, type Rule } from "./judge.js";

/** Of a simulated turn. */
export const TURN_MS = 5;
/** Between blocks, and between processes that run one after the other. */
export const START_MS = 500;

export interface Noise {
  /** Standard deviation between processes, as a fraction. */
  readonly processSd: number;
  /** Standard deviation of one sample within a process. */
  readonly sampleSd: number;
  /** Of each process: its turns that count. */
  readonly samples: number;
  /** Peak of the machine's slow drift over the whole run, as a fraction. */
  readonly drift: number;
  /** How much longer everything takes in the slow mode, as a fraction; 0 for a machine of one mode. */
  readonly slow: number;
  /** Mean spell of a mode; spells are exponential. */
  readonly spellMs: number;
}

export const ORDINARY_NOISE: Noise = {
  processSd: 0.02,
  sampleSd: 0.03,
  samples: 15,
  drift: 0.03,
  slow: 0,
  spellMs: 1000,
};

export interface Simulation {
  readonly runs: number;
  readonly cases: number;
  /** True slowdown of the first case, e.g. 0.1; the others are unchanged. */
  readonly slowdown: number;
  readonly seed: number;
  readonly noise: Noise;
  readonly rule: Rule;
  /** From the turns of a block's processes to its one number. */
  readonly estimate: typeof blockLogRatio;
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
  estimate: blockLogRatio,
};

/** Random numbers, a pure function of (seed, run, index), from the harness's own generator. */
export class Dice {
  private readonly keys: StreamKeys;
  private index = 0;

  constructor(
    seed: number,
    private readonly run: number,
  ) {
    this.keys = streamKeys(seed, "simulate");
  }

  /** Between 0 and 1, both excluded. */
  uniform(): number {
    return (hashAt(this.keys, this.run, this.index++) + 0.5) / 2 ** 32;
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** A machine of which every process runs identical code. */
export class SimulatedMachine {
  private atMs = 0;
  private isSlow: boolean;

  /** @param wholeMs of the run: its drift passes the peak in the middle */
  constructor(
    private readonly noise: Noise,
    private readonly dice: Dice,
    private readonly wholeMs: number,
  ) {
    this.isSlow = dice.uniform() < 0.5;
  }

  /** Time goes by; the mode may turn, more than once. */
  pass(ms: number): void {
    this.atMs += ms;
    if (this.dice.uniform() < (1 - Math.exp((-2 * ms) / this.noise.spellMs)) / 2) this.isSlow = !this.isSlow;
  }

  /** Log of what a new process has of its own: memory layout, code placement. */
  process(): number {
    return this.noise.processSd * this.dice.normal();
  }

  /** One turn of a process. */
  sample(level: number): number {
    const { drift, slow, sampleSd } = this.noise;
    const shared =
      drift * Math.sin((Math.PI * this.atMs) / this.wholeMs) + (this.isSlow ? Math.log1p(slow) : 0);
    this.pass(TURN_MS);
    return Math.exp(level + shared + sampleSd * this.dice.normal());
  }
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
function simulatedBlocks(
  { cases, slowdown, seed, noise, rule, estimate }: Simulation,
  run: number,
): BlockSource {
  const dice = new Dice(seed, run);
  const blockMs = START_MS + 4 * noise.samples * TURN_MS;
  const machine = new SimulatedMachine(noise, dice, cases * rule.screenBlocks * blockMs);
  const block = (index: number) => {
    machine.pass(START_MS);
    const open = (truth: number) => ({ level: Math.log(truth) + machine.process(), turns: [] as number[] });
    const head = index === 0 ? 1 + slowdown : 1;
    const [a1, a2, b1, b2] = [open(1), open(1), open(head), open(head)];
    const orders = [
      [a1, b1, b2, a2],
      [b1, a1, a2, b2],
    ];
    const first = dice.uniform() < 0.5 ? 0 : 1;
    for (let round = 0; round < noise.samples; round++)
      for (const { level, turns } of orders[(first + round) % 2]) turns.push(machine.sample(level));
    return estimate([a1.turns, a2.turns], [b1.turns, b2.turns]);
  };
  return {
    screen: async () =>
      Array.from({ length: cases }, (_, index) =>
        Array.from({ length: rule.screenBlocks }, () => block(index)),
      ),
    confirm: async (index) => block(index),
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
