/** One query over keys and values that carry errors: softmax and its sum, with norms for what a key or a value errs (README.md). */
import { type Norms, type Numbers, normsOf } from "../../blocks/reference/numbers.js";
import { grown } from "../../blocks/reference/steps.js";

/** A query, key or value of a token and head: its numbers, and sizes of what they carry. Variances are roots here. */
export interface Kept {
  readonly value: Float64Array;
  readonly sizes: Norms;
}

/** Euclidean norms, for what meets in a product. */
export function ofProduct(of: Numbers, start: number, end: number): Kept {
  const norms = normsOf(of, start, end);
  const [squares, storedSquares] = [Math.sqrt(norms.squares), Math.sqrt(norms.storedSquares)];
  return { value: of.value.slice(start, end), sizes: { ...norms, squares, storedSquares } };
}

/** The largest entries, for what is weighed. */
export function ofWeighing(of: Numbers, start: number, end: number): Kept {
  const largest = (values: Float64Array) => {
    let most = 0;
    for (let i = start; i < end; i++) most = Math.max(most, Math.abs(values[i]));
    return most;
  };
  const sizes = {
    value: largest(of.value),
    certified: largest(of.certified),
    squares: Math.sqrt(largest(of.squares)),
    stored: largest(of.stored),
    storedSquares: Math.sqrt(largest(of.storedSquares)),
    perSum: largest(of.perSum),
  };
  return { value: of.value.slice(start, end), sizes };
}

/**
 * y = sum_s softmax(scale q . k_s) v_s over the first `seen` keys, into the numbers of `y` from `start` on. Errors of keys and values are
 * each token's own. The query's are the same for all keys: they walk with the keys' directions, of which there are as many as channels.
 */
export function attend(
  q: Kept,
  keys: readonly Kept[],
  values: readonly Kept[],
  seen: number,
  scale: number,
  y: Numbers,
  start: number,
): void {
  const width = q.value.length;
  const weights = softmax(q.value, keys, seen, scale);
  const out = new Float64Array(width);
  const factor = Math.abs(scale);
  const [sizeQ, ofQ] = [q.sizes.value, q.sizes];
  // errors of the weights alone, and by the size of what is weighed; then what the values bring
  let [size, certified, weighed, brought] = [0, 0, 0, 0];
  let [stored, storedWeighed, storedBrought] = [0, 0, 0];
  // of variances: each key's own, and roots of those that hang together
  let [own, ownWeighed, shared, sharedWeighed, walked] = [0, 0, 0, 0, 0];
  let [kept, keptWeighed, keptShared, keptSharedWeighed, keptWalked] = [0, 0, 0, 0, 0];
  for (let s = 0; s < seen; s++) {
    const p = weights.of[s];
    const [k, v] = [keys[s].sizes, values[s].sizes];
    const pv = p * v.value;
    const value = values[s].value;
    for (let i = 0; i < width; i++) out[i] += p * value[i];
    size += pv;
    const product = factor * sizeQ * k.value;
    const roundings = (width + 3) * product + 6 * weights.below[s] + 8;
    const moved = grown(factor * (sizeQ * k.certified + ofQ.certified * k.value) + roundings, 1);
    certified += p * moved;
    weighed += pv * moved;
    brought += p * v.certified;
    const once = factor * (sizeQ * k.stored + ofQ.stored * k.value) + product + 1;
    stored += p * once;
    storedWeighed += pv * once;
    storedBrought += p * v.stored;
    const walk = (factor * sizeQ * k.squares) ** 2 + roundings;
    const walkQ = factor * ofQ.squares * k.value;
    own += p * p * (walk + walkQ ** 2);
    ownWeighed += pv * pv * (walk + walkQ ** 2);
    shared += p * walkQ;
    sharedWeighed += pv * walkQ;
    walked += (p * v.squares) ** 2;
    const keep = (factor * sizeQ * k.storedSquares) ** 2 + product ** 2 + 1;
    const keepQ = factor * ofQ.storedSquares * k.value;
    kept += p * p * (keep + keepQ ** 2);
    keptWeighed += pv * pv * (keep + keepQ ** 2);
    keptShared += p * keepQ;
    keptSharedWeighed += pv * keepQ;
    keptWalked += (p * v.storedSquares) ** 2;
  }
  const sums = 3 * seen * size;
  for (let i = 0; i < width; i++) {
    const [at, absolute] = [start + i, Math.abs(out[i])];
    y.value[at] = out[i];
    y.certified[at] = weighed + absolute * certified + brought + sums;
    y.squares[at] =
      2 * (ownWeighed + absolute ** 2 * own) +
      (sharedWeighed + absolute * shared) ** 2 / width +
      walked +
      sums * size;
    y.stored[at] = storedWeighed + absolute * stored + storedBrought + size;
    y.storedSquares[at] =
      2 * (keptWeighed + absolute ** 2 * kept) +
      (keptSharedWeighed + absolute * keptShared) ** 2 / width +
      keptWalked +
      size * size;
    y.perSum[at] = size;
  }
}

/** The weights of the first keys, and how far each logit is below the largest. */
function softmax(q: Float64Array, keys: readonly Kept[], seen: number, scale: number) {
  const [of, below] = [new Float64Array(seen), new Float64Array(seen)];
  let max = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < seen; s++) {
    const key = keys[s].value;
    let sum = 0;
    for (let i = 0; i < q.length; i++) sum += q[i] * key[i];
    of[s] = scale * sum;
    max = Math.max(max, of[s]);
  }
  let total = 0;
  for (let s = 0; s < seen; s++) {
    below[s] = max - of[s];
    of[s] = Math.exp(-below[s]);
    total += of[s];
  }
  for (let s = 0; s < seen; s++) of[s] /= total;
  return { of, below };
}
