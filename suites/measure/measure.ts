/**
 * Sampling. The engine's own clock times each sample: device time where the engine has it, host time otherwise. When to stop is
 * decided by the parent, between turns. One tinybench task a case holds its samples and gives the statistics of its row.
 */
import { Bench } from "tinybench";
import type { Engine, Timing } from "../../impls/engines/engine.js";
import type { AnyOperator } from "../../impls/operator.js";
import type { Prepared } from "../../impls/prepared.js";
import type { Sample } from "../../reports/rows/row.js";
import type { Verified } from "../check/check.js";
import { ascending, medianInterval, quantile, relativeHalfWidth } from "./statistics.js";

/** A sample shorter than this is made of several runs: the clock's own noise must be small beside it. */
export const SHORTEST_SAMPLE_NS = 100_000;

export interface RawSample extends Timing {
  readonly startNs: number;
}

/** One turn: `count` samples of `repeats` back-to-back runs each, in the order in which they were taken. */
export async function measure<Launch>(
  engine: Engine<Launch>,
  prepared: Verified<Prepared<AnyOperator, Launch>>,
  turn: { readonly count: number; readonly repeats: number; readonly cold?: boolean; now(): number },
): Promise<RawSample[]> {
  const run = (launch: Launch) => prepared.run(launch);
  const samples: RawSample[] = [];
  while (samples.length < turn.count) {
    const startNs = turn.now();
    samples.push({ ...(await (turn.cold ? cooled(engine)(run) : engine.time(run, turn.repeats))), startNs });
  }
  return samples;
}

/** @throws on an engine that cannot empty its cache: the plan asks none such */
function cooled<Launch>(engine: Engine<Launch>): NonNullable<Engine<Launch>["timeCold"]> {
  if (!engine.timeCold) throw new Error(`engine ${engine.name} cannot time with a cold cache`);
  return (run) => engine.timeCold!(run);
}

/** Device time where there is one. */
export function clockNs(timing: Pick<Sample, "hostNs" | "deviceNs">): number {
  return timing.deviceNs ?? timing.hostNs;
}

/** Runs until the code is hot, and says how many runs make one sample. */
export async function warmUp<Launch>(
  engine: Engine<Launch>,
  prepared: Verified<Prepared<AnyOperator, Launch>>,
  budgetNs: number,
  cold = false,
): Promise<{ repeats: number; estimateNs: number }> {
  const run = (launch: Launch) => prepared.run(launch);
  let spentNs = 0;
  let runs = 1;
  let estimateNs = Number.POSITIVE_INFINITY;
  let hostNs = Number.POSITIVE_INFINITY;
  for (;;) {
    const timing = await engine.time(run, runs);
    spentNs += timing.hostNs * runs;
    estimateNs = Math.min(estimateNs, Math.max(clockNs(timing), 1));
    hostNs = Math.min(hostNs, Math.max(timing.hostNs, 1));
    if (spentNs >= budgetNs) break;
    runs = Math.max(1, Math.min(Math.ceil(SHORTEST_SAMPLE_NS / estimateNs), 2 * runs));
  }
  // a second run in a row would find what the first one left in the cache
  if (cold) return { repeats: 1, estimateNs: Math.max(clockNs(await cooled(engine)(run)), 1) };
  // a device clock too coarse to see one run must not ask for a hundred thousand of them
  const most = Math.ceil((20 * SHORTEST_SAMPLE_NS) / hostNs);
  return { repeats: Math.max(1, Math.min(Math.ceil(SHORTEST_SAMPLE_NS / estimateNs), most)), estimateNs };
}

export interface StoppingRule {
  /** Stop when half the 95% interval is below this share of the median. */
  readonly precision: number;
  readonly maxSamples: number;
  readonly minSamples: number;
  /** Turns, so that every neighbour was measured in between. */
  readonly minRounds: number;
  readonly budgetNs: number;
}

export type StopReason = "precision" | "iterations" | "budget";

/** All samples of one case so far, and whether they are enough. */
export class Trial {
  readonly samples: Sample[] = [];
  private rounds = 0;
  private spentNs = 0;
  private nextLook: number;

  constructor(private readonly rule: StoppingRule) {
    this.nextLook = rule.minSamples;
  }

  /** @param wallNs what the turn took in all, overhead included */
  add(turn: readonly Sample[], wallNs: number): void {
    this.samples.push(...turn);
    this.rounds++;
    this.spentNs += wallNs;
  }

  stopReason(): StopReason | undefined {
    const n = this.samples.length;
    const { minRounds, minSamples, maxSamples, precision, budgetNs } = this.rule;
    if (this.rounds < minRounds || n < minSamples) return undefined;
    // Looking after every sample would stop at lucky moments and make the interval too narrow: looks are a factor apart
    if (n >= this.nextLook) {
      this.nextLook = Math.ceil(n * 1.5);
      const sorted = ascending(this.samples.map(clockNs));
      if (n >= LEAST_FOR_PRECISION && relativeHalfWidth(sorted) <= precision) return "precision";
    }
    if (n >= maxSamples) return "iterations";
    return this.spentNs >= budgetNs ? "budget" : undefined;
  }
}

/** Fewer samples than this cannot claim a precision, however close they lie. */
const LEAST_FOR_PRECISION = 20;

export interface Summary {
  readonly samples: number;
  readonly medianNs: number;
  readonly ci95LowNs: number;
  readonly ci95HighNs: number;
  readonly p25Ns: number;
  readonly p75Ns: number;
  readonly minNs: number;
  readonly hostMedianNs: number;
  readonly clock: "host" | "device";
}

/** What a row says about its samples. */
export function summarise(samples: readonly Sample[]): Summary {
  const { latency } = statistics(samples);
  const sorted = latency.samples!;
  const { low, high } = medianInterval(sorted);
  const ns = (ms: number) => ms * 1e6;
  return {
    samples: samples.length,
    medianNs: ns(latency.p50),
    ci95LowNs: ns(low),
    ci95HighNs: ns(high),
    p25Ns: ns(quantile(sorted, 0.25)),
    p75Ns: ns(latency.p75),
    minNs: ns(latency.min),
    hostMedianNs: quantile(Float64Array.from(samples, ({ hostNs }) => hostNs).sort(), 0.5),
    clock: samples[0].deviceNs === undefined ? "host" : "device",
  };
}

/**
 * The case's one tinybench task. It is fed when the last turn is over: a task runs from start to end in one process, while a case's
 * turns alternate with its neighbours' and may go on in another process after a crash. Its time budget counts overridden durations,
 * not the wall, so iterations alone end it.
 */
function statistics(samples: readonly Sample[]) {
  let next = 0;
  const bench = new Bench({
    iterations: samples.length,
    time: 0,
    warmup: false,
    throws: true,
    retainSamples: true,
  });
  bench.add("case", () => ({ overriddenDuration: clockNs(samples[next++]) / 1e6 }), { async: false });
  bench.runSync();
  const { result } = bench.tasks[0];
  if (result.state !== "completed")
    throw new Error(`statistics of ${samples.length} samples: ${result.state}`);
  return result;
}
