/**
 * Multi-query associative recall (Arora and others, Zoology, arXiv 2312.04927, section 4 and appendix; HazyResearch/zoology,
 * zoology/data/multiquery_ar.py): pairs of a key and a value stand in front, then each key comes once more, and its value is asked for.
 *
 *     key value key value ... | . . key . . . . key . . .        asked for at each key behind the bar: its value
 *
 * Keys are distinct tokens of [1, vocabulary / 2), values of [vocabulary / 2, vocabulary). Behind the pairs, the i-th key stands at an even
 * place, its gap: gaps of an example are distinct and drawn one after the other with p(gap) ~ (gap + 1)^(power - 1), so that most are
 * short. What stands at no key is 0 or any token.
 */
import { unit } from "../../impls/learning/draws.js";
import { hashAt, type StreamKeys, streamKeys } from "../../impls/random.js";
import type { Examples } from "./examples.js";

export interface MqarSizes {
  readonly length: number;
  readonly pairs: number;
  readonly vocabulary: number;
  /** Of gaps; 1 is uniform. */
  readonly power: number;
  /** What stands at no key behind the pairs. */
  readonly fill: "zeros" | "random";
}

/** As the literature has it. */
export const POWER = 0.01;
export const VOCABULARY = 8192;

/** @throws where the pairs and their queries do not fit */
export function checkSizes({ length, pairs, vocabulary }: MqarSizes): void {
  const least = 4 * pairs;
  if (length % 2 !== 0 || length < least)
    throw new Error(
      `${pairs} pairs and their queries need an even length of at least ${least}, got ${length}`,
    );
  if (vocabulary % 2 !== 0 || vocabulary / 2 - 1 < pairs)
    throw new Error(`${pairs} pairs need an even vocabulary of at least ${2 * pairs + 2}, got ${vocabulary}`);
}

/** Streams of numbers of an example, a row each. */
const STREAMS = ["keys", "values", "gaps", "fill"] as const;
type Streams = Readonly<Record<(typeof STREAMS)[number], StreamKeys>>;

function streamsOf(seed: number): Streams {
  return Object.fromEntries(STREAMS.map((name) => [name, streamKeys(seed, `mqar.${name}`)])) as Streams;
}

/** Examples `first` to `first + count - 1` of a seed. @throws where sizes do not fit each other */
export function mqarExamples(sizes: MqarSizes, seed: number, first: number, count: number): Examples {
  checkSizes(sizes);
  const { length } = sizes;
  const streams = streamsOf(seed);
  const tokens = new Int32Array(count * length);
  const targets = new Int32Array(count * length).fill(-1);
  const weights = gapWeights(sizes);
  for (let i = 0; i < count; i++) {
    const own = (all: Int32Array) => all.subarray(i * length, (i + 1) * length);
    writeExample(sizes, { streams, weights, example: first + i }, own(tokens), own(targets));
  }
  return { count, length, tokens, targets };
}

/** p of each gap, up to a factor. */
export function gapWeights({ length, pairs, power }: MqarSizes): Float64Array {
  return Float64Array.from({ length: length / 2 - pairs }, (_, gap) => (gap + 1) ** (power - 1));
}

interface Drawing {
  readonly streams: Streams;
  readonly weights: Float64Array;
  readonly example: number;
}

function writeExample(
  { length, pairs, vocabulary, fill }: MqarSizes,
  { streams, weights, example }: Drawing,
  tokens: Int32Array,
  targets: Int32Array,
): void {
  const half = vocabulary / 2;
  const keys = drawn(streams.keys, example, half - 1, pairs);
  const values = drawn(streams.values, example, half, pairs);
  // one draw after another without replacement is a race: the i-th to come, at -ln(unit) / weight
  const times = weights.map((weight, gap) => -Math.log(unit(hashAt(streams.gaps, example, gap))) / weight);
  const gaps = smallest([...times.keys()], times, pairs);
  const context = 2 * pairs;
  if (fill === "random")
    for (let t = context; t < length; t++)
      // the upper bits of a product: no vocabulary is a divisor of the stream's range
      tokens[t] = Math.floor(unit(hashAt(streams.fill, example, t)) * vocabulary);
  for (let i = 0; i < pairs; i++) {
    const key = keys[i] + 1;
    const value = values[i] + half;
    const query = context + 2 * gaps[i];
    tokens[2 * i] = key;
    tokens[2 * i + 1] = value;
    tokens[query] = key;
    targets[query] = value;
  }
}

/** So many of the numbers below `total`, each set and order of them as likely: those with the smallest hashes. */
function drawn(keys: StreamKeys, row: number, total: number, count: number): number[] {
  const hashes = Float64Array.from({ length: total }, (_, i) => hashAt(keys, row, i));
  // hashes are uniform: six deviations more than wanted lie below this, or all are looked at
  const bar = ((count + 6 * Math.sqrt(count) + 6) / total) * 2 ** 32;
  const low: number[] = [];
  for (let i = 0; i < total; i++) if (hashes[i] < bar) low.push(i);
  return smallest(low.length >= count ? low : [...hashes.keys()], hashes, count);
}

/** Of these places the ones with the smallest numbers, smallest first, of equal ones the first. */
function smallest(places: number[], numbers: Float64Array, count: number): number[] {
  return places.sort((a, b) => numbers[a] - numbers[b] || a - b).slice(0, count);
}
