/**
 * Does every run leave memory behind? Told apart from what compilers keep once, and from what a collector on a busy machine has not swept
 * yet: levels of live memory are ranked, since only a leak makes each higher than the one before, however often one looks.
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
/** At live memory, over all ranked levels: a sweeper that takes one in four of its turns sweeps in one of so many. */
const LOOKS = 64;
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
  let level = runs > 0 ? memory.liveBytes() : 0;
  // each look costs several collections: none after those that have already decided
  for (let i = 0; runs > 0 && i < PROBE_STRETCHES && !isDecided(stretches); i++) {
    await memory.run(runs);
    const next = memory.liveBytes();
    stretches.push({ bytes: next - level, runs });
    level = next;
  }
  return grewMostly(stretches) ? rankedGrowth(memory, estimateNs) : 0;
}

/**
 * The closer look: levels of live memory, each after some more runs and less what those may leave. It ends at once when no order of the
 * levels to come could still show a leak.
 */
async function rankedGrowth(memory: Memory, estimateNs: number): Promise<number> {
  const steps = Math.max(FEWEST_RANKED, Math.min(MOST_RANKED, Math.floor(RANKED_NS / estimateNs)));
  const runsApart = Math.max(1, Math.min(MOST_APART, Math.floor(RANKED_NS / steps / estimateNs)));
  const count = steps + 1;
  const enough = Math.max(CHANCE, chanceOf(0, count));
  const levels: number[] = [];
  while (levels.length < count) {
    if (levels.length > 0) await memory.run(runsApart);
    const kept = levels.length * runsApart * ALLOWED_BYTES;
    const before = levels.at(-1) ?? Number.NEGATIVE_INFINITY;
    levels.push((await settledBytes(memory, before + kept, Math.ceil(LOOKS / count))) - kept);
    if (chanceOf(fallingPairs(levels), count) > enough) return 0;
  }
  const perRun = medianSlope(levels) / runsApart + ALLOWED_BYTES;
  return perRun * runsApart * steps > KEPT_BYTES ? perRun : 0;
}

/**
 * The least of some looks: garbage that nobody swept goes in one of them, what a leak keeps in none. One that is not above `before` is
 * enough.
 */
async function settledBytes(memory: Memory, before: number, looks: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < looks && least > before; look++) {
    await memory.rest();
    least = Math.min(least, memory.liveBytes());
  }
  return least;
}

/**
 * Whether a closer look is worth its time: live memory grew in most stretches. In all of them together says nothing, since what the
 * warm-up left may be swept in one of them.
 */
export function grewMostly(stretches: readonly Stretch[]): boolean {
  return stretches.length >= FEWEST_STRETCHES && 2 * grownOf(stretches) > stretches.length;
}

/** Whether most stretches of a probe have grown, or have not, whatever the others will do. */
function isDecided(stretches: readonly Stretch[]): boolean {
  const grown = grownOf(stretches);
  return 2 * Math.max(grown, stretches.length - grown) > PROBE_STRETCHES;
}

function grownOf(stretches: readonly Stretch[]): number {
  return stretches.filter(({ bytes }) => bytes >= NOISE_BYTES).length;
}

/**
 * How likely values in a random order are as much in rising order as these, or more (the exact rank test of Mann and Kendall). Equal
 * values count as falling.
 */
export function chanceOfOrder(values: readonly number[]): number {
  return chanceOf(fallingPairs(values), values.length);
}

function fallingPairs(values: readonly number[]): number {
  const n = values.length;
  let falling = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (values[j] <= values[i]) falling++;
  return falling;
}

/** Of at most so many falling pairs among n values. */
function chanceOf(falling: number, n: number): number {
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
