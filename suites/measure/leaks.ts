/**
 * Does every run leave memory behind? Told apart from what compilers keep once, and from what a collector on a busy machine has not swept
 * yet: levels of live memory are ranked, since only a leak makes each higher than the one before, whatever the noise is like.
 */

/** A stretch of runs. */
export interface Stretch {
  /** Live memory after it, less that before it, both after collecting garbage. */
  readonly bytes: number;
  readonly runs: number;
}

/** What is asked of the place where the runs are. */
export interface Memory {
  run(times: number): Promise<void>;
  /** Live memory after collecting garbage. */
  liveBytes(): number;
  /** Gives what sweeps in the background its turn. */
  rest(): Promise<void>;
}

/** Fewer stretches than this cannot tell a leak from a compilation. */
const FEWEST_STRETCHES = 3;
/** From so many on, one may differ: what was garbage before it may have been swept in it. */
const FORGIVING_STRETCHES = 4;
const NOISE_BYTES = 32 * 1024;
/** A repeated run may leave this much behind. */
const ALLOWED_BYTES = 2048;
/** What a compiler keeps while it warms up (up to 180 KiB were seen): levels that rose by less in all are no leak, however ordered. */
const KEPT_BYTES = 256 * 1024;

const PROBE_NS = 60e6;
const PROBE_STRETCHES = FEWEST_STRETCHES + 2;
/** Of the ranked levels; a case whose runs are long has fewer. */
const MOST_RANKED = 16;
const FEWEST_RANKED = 6;
const RANKED_NS = 4e9;
/** Runs between two of them at most: by them even a small leak outgrows what a compiler keeps. */
const MOST_APART = 32;
/** How likely levels without a trend may be in such an order; few of them, which no order makes so unlikely, must rise throughout. */
const CHANCE = 1e-6;

/** Extra runs between two collections of garbage; none for a slow case, whose timed turns are long enough to be counted themselves. */
export function runsOfProbe(estimateNs: number): number {
  const runs = Math.min(MOST_APART, Math.floor(PROBE_NS / PROBE_STRETCHES / estimateNs));
  return runs < 2 ? 0 : runs;
}

/**
 * Bytes that each further run leaves behind; 0 when there is no leak, or no telling.
 * @param seen stretches of timed turns, where those were long enough
 */
export async function leakedBytesPerRun(
  memory: Memory,
  estimateNs: number,
  seen: readonly Stretch[],
): Promise<number> {
  const runs = runsOfProbe(estimateNs);
  const stretches = [...seen];
  for (let i = 0; runs > 0 && i < PROBE_STRETCHES; i++) {
    const before = memory.liveBytes();
    await memory.run(runs);
    stretches.push({ bytes: memory.liveBytes() - before, runs });
  }
  if (!grewThroughout(stretches)) return 0;
  const count = Math.max(FEWEST_RANKED, Math.min(MOST_RANKED, Math.floor(RANKED_NS / estimateNs)));
  const runsApart = Math.max(1, Math.min(MOST_APART, Math.floor(RANKED_NS / count / estimateNs)));
  const levels: number[] = [];
  for (let i = 0; i <= count; i++) {
    if (i > 0) await memory.run(runsApart);
    await memory.rest();
    levels.push(memory.liveBytes());
  }
  const perRun = medianSlope(levels) / runsApart;
  const allowed = Math.max(CHANCE, chanceOfOrder(levels.map((_, i) => i)));
  const leaks = perRun > ALLOWED_BYTES && perRun * runsApart * count > KEPT_BYTES;
  return leaks && chanceOfOrder(levels) <= allowed ? perRun : 0;
}

/** Whether a closer look is worth its time: live memory grew in every stretch, but one of many. */
export function grewThroughout(stretches: readonly Stretch[]): boolean {
  if (stretches.length < FEWEST_STRETCHES) return false;
  const sorted = stretches.map(({ bytes }) => bytes).sort((a, b) => a - b);
  const counted = sorted.slice(stretches.length >= FORGIVING_STRETCHES ? 1 : 0);
  const total = sorted.reduce((sum, bytes) => sum + bytes, 0);
  return counted[0] >= NOISE_BYTES && total >= NOISE_BYTES * counted.length;
}

/**
 * How likely values in a random order are as much in rising order as these, or more (the exact rank test of Mann and Kendall). Equal
 * values count as falling.
 */
export function chanceOfOrder(values: readonly number[]): number {
  const n = values.length;
  let falling = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (values[j] <= values[i]) falling++;
  // orders of k values by their falling pairs: the k-th value falls behind 0 to k - 1 of those before it
  let orders = [1];
  for (let k = 2; k <= n; k++) {
    const next = new Array<number>(orders.length + k - 1).fill(0);
    for (const [pairs, count] of orders.entries())
      for (let more = 0; more < k; more++) next[pairs + more] += count;
    orders = next;
  }
  const all = orders.reduce((sum, count) => sum + count, 0);
  return orders.slice(0, falling + 1).reduce((sum, count) => sum + count, 0) / all;
}

/** Median growth from one value to the next over all pairs (Theil and Sen): a jump is no trend. */
function medianSlope(values: readonly number[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < values.length; i++)
    for (let j = i + 1; j < values.length; j++) slopes.push((values[j] - values[i]) / (j - i));
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)];
}
