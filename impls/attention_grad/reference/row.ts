/**
 * One query as the reference sees it: its weights and the gradients of its logits, with what they err by (README.md, "The bound").
 *
 *   p_s = exp(l_s - max l) / sum, l_s = scale q . k_s    e_s = dY . v_s    D = sum p_s e_s    dL_s = p_s (e_s - D)
 *   lambda_s                 roundings behind p_s before it is normalised, relative to it, as for attention; Lambda = sum p_s lambda_s
 *   E_s, F                   |dY| . |v_s| and sum p_s E_s: the scales of e_s and D
 */

export interface Row {
  readonly keys: number;
  readonly p: Float64Array;
  /** e_s - D, and its scale E_s + F. */
  readonly d: Float64Array;
  readonly scale: Float64Array;
  /** Roundings behind a weight and behind dL_s, relative to p_s and to p_s (E_s + F): the most over all keys. */
  weightCount: number;
  gradientCount: number;
  /** Squares of the roundings behind p_s and dL_s as they add up when each has its real size, times p_s^2. */
  readonly weightSquares: Float64Array;
  readonly gradientSquares: Float64Array;
  /** The same of D, which all keys share. */
  dSquares: number;
}

/** The coarsest roundoff an engine declares; how far first order is from the truth is judged by it. */
const COARSEST = 2 ** -22;

export function emptyRow(context: number): Row {
  const array = () => new Float64Array(context);
  return {
    keys: 0,
    p: array(),
    d: array(),
    scale: array(),
    weightCount: 0,
    gradientCount: 0,
    weightSquares: array(),
    gradientSquares: array(),
    dSquares: 0,
  };
}

/** A matrix of which rows `first` on are read: K or V of one group. */
export interface Matrix {
  readonly values: Float64Array;
  readonly first: number;
  readonly width: number;
}

/**
 * Fills a row for `keys` keys.
 * @param lambda scratch of at least `keys`
 */
export function fillRow(
  row: Row,
  keys: number,
  q: Float64Array,
  K: Matrix,
  dY: Float64Array,
  V: Matrix,
  scale: number,
  lambda: Float64Array,
): Row {
  const { p, d, weightSquares, gradientSquares } = row;
  const channels = q.length;
  let max = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < keys; s++) {
    const { dot, size, squares } = dotOf(q, K, s);
    p[s] = scale * dot;
    lambda[s] = (channels + 3) * Math.abs(scale) * size;
    weightSquares[s] = scale * scale * (squares + 3 * dot * dot);
    max = Math.max(max, p[s]);
  }
  let sum = 0;
  for (let s = 0; s < keys; s++) {
    const below = max - p[s];
    p[s] = Math.exp(-below);
    sum += p[s];
    // an error of u lambda in the exponent is one of exp(u lambda) - 1 in the weight
    lambda[s] = Math.expm1(COARSEST * (lambda[s] + 6 * below + 8)) / COARSEST;
    weightSquares[s] += (6 * below) ** 2 + 8 ** 2;
  }
  let [D, F, mean, ofSum] = [0, 0, 0, 0];
  for (let s = 0; s < keys; s++) {
    p[s] /= sum;
    const { dot, size, squares } = dotOf(dY, V, s);
    d[s] = dot;
    row.scale[s] = size;
    gradientSquares[s] = squares;
    D += p[s] * dot;
    F += p[s] * size;
    mean += p[s] * lambda[s];
    ofSum += p[s] ** 2 * weightSquares[s];
  }
  let ofD = 0;
  row.weightCount = 0;
  for (let s = 0; s < keys; s++) {
    const count = lambda[s] + mean + 3 * keys + 4;
    ofD += p[s] * (count + dY.length) * row.scale[s];
    row.weightCount = Math.max(row.weightCount, count);
  }
  ofD = F > 0 ? ofD / F + 2 * keys : 0;
  row.gradientCount = 0;
  row.dSquares = keys * D * D;
  for (let s = 0; s < keys; s++) {
    d[s] -= D;
    const scaled = row.scale[s] + F;
    const count = lambda[s] + mean + 3 * keys + dY.length + ofD + 4;
    row.gradientCount = Math.max(row.gradientCount, scaled > 0 ? count : 0);
    row.scale[s] = scaled;
    // sum and mean of the weights err alike where the values do not differ: what counts is the distance from the mean
    const weight = weightSquares[s] + ofSum + 4 * keys;
    row.dSquares += p[s] ** 2 * (d[s] ** 2 * weight + gradientSquares[s]);
    gradientSquares[s] = p[s] ** 2 * (d[s] ** 2 * weight + gradientSquares[s] + 4 * scaled ** 2);
    weightSquares[s] = p[s] ** 2 * weight;
  }
  return { ...row, keys };
}

/** A product with its size on absolute values, and the squares of its terms and partial sums. */
function dotOf(
  x: Float64Array,
  { values, first, width }: Matrix,
  s: number,
): { dot: number; size: number; squares: number } {
  let [dot, size, squares] = [0, 0, 0];
  for (let n = 0, i = (first + s) * width; n < x.length; n++, i++) {
    const term = x[n] * values[i];
    dot += term;
    size += Math.abs(term);
    squares += term * term + dot * dot;
  }
  return { dot, size, squares };
}
