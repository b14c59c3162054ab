/** One query over keys and values that carry errors: softmax and its sum, with norms for what a key or a value errs (README.md). */
import type { Numbers } from "../../blocks/reference/numbers.js";
import { grown } from "../../blocks/reference/steps.js";

/** A key or a value of a token in one group: its numbers, and sizes of what they carry. */
export interface Kept {
  readonly value: Float64Array;
  readonly size: number;
  readonly certified: number;
  /** Root of the variances' sum. */
  readonly walked: number;
  readonly stored: number;
}

/** Euclidean norms for keys, which meet a query in a product; largest entries for values, which are weighed. */
export function keptOf(of: Numbers, start: number, end: number, norm: "euclidean" | "largest"): Kept {
  let [size, certified, walked, stored] = [0, 0, 0, 0];
  for (let i = start; i < end; i++) {
    const of4 = [Math.abs(of.value[i]), of.certified[i], Math.sqrt(of.squares[i]), of.stored[i]];
    if (norm === "largest") {
      size = Math.max(size, of4[0]);
      certified = Math.max(certified, of4[1]);
      walked = Math.max(walked, of4[2]);
      stored = Math.max(stored, of4[3]);
    } else {
      size = Math.hypot(size, of4[0]);
      certified = Math.hypot(certified, of4[1]);
      walked = Math.hypot(walked, of4[2]);
      stored = Math.hypot(stored, of4[3]);
    }
  }
  return { value: of.value.slice(start, end), size, certified, walked, stored };
}

/** y = sum_s softmax(scale q . k_s) v_s, into the numbers of `y` from `start` on. */
export function attend(
  q: Kept,
  keys: readonly Kept[],
  values: readonly Kept[],
  scale: number,
  y: Numbers,
  start: number,
): void {
  const width = q.value.length;
  const logits = keys.map((key) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += q.value[i] * key.value[i];
    return scale * sum;
  });
  const max = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const weights = logits.map((logit) => Math.exp(logit - max));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const out = new Float64Array(width);
  // of the weights' errors: certified, root of variances, stored; and the same times the values' sizes
  let [moved, walked, stored] = [0, 0, 0];
  let [size, movedBy, walkedBy, storedBy] = [0, 0, 0, 0];
  let [fromValues, walkedValues, storedValues] = [0, 0, 0];
  for (let s = 0; s < keys.length; s++) {
    const p = weights[s] / total;
    const [k, v] = [keys[s], values[s]];
    const own = (width + 3) * scale * q.size * k.size + 6 * (max - logits[s]) + 8;
    const error = grown(scale * (q.size * k.certified + q.certified * k.size) + own);
    const walk = Math.sqrt((scale * (q.size * k.walked + q.walked * k.size)) ** 2 + own);
    const kept = scale * (q.size * k.stored + q.stored * k.size + q.size * k.size) + 1;
    for (let i = 0; i < width; i++) out[i] += p * v.value[i];
    moved += p * error;
    walked += p * walk;
    stored += p * kept;
    size += p * v.size;
    movedBy += p * error * v.size;
    walkedBy += p * walk * v.size;
    storedBy += p * kept * v.size;
    fromValues += p * v.certified;
    walkedValues += p * v.walked;
    storedValues += p * v.stored;
  }
  const sums = 3 * keys.length;
  for (let i = 0; i < width; i++) {
    const absolute = Math.abs(out[i]);
    y.value[start + i] = out[i];
    y.certified[start + i] = movedBy + absolute * moved + fromValues + sums * size;
    y.squares[start + i] = (walkedBy + absolute * walked + walkedValues) ** 2 + sums * size * size;
    y.stored[start + i] = storedBy + absolute * stored + storedValues + size;
    y.perSum[start + i] = size;
  }
}
