/** The tokens of one chunk of one head on the host, and the gradients of their decays. Rows beyond `size` are zero. */
import { nextMaskRow } from "../../ssd/cpu/mask.js";

export interface Chunk {
  /** Tokens, at most the chunk length. */
  size: number;
  /** (rows, state) */
  readonly B: Float64Array;
  readonly C: Float64Array;
  /** (rows, cols): x = dt X, dy, and what is made of them. */
  readonly x: Float64Array;
  readonly dy: Float64Array;
  readonly y: Float64Array;
  readonly dx: Float64Array;
  readonly scaled: Float64Array;
  /** (rows, rows): L, C B^T, dy x^T. */
  readonly L: Float64Array;
  readonly scores: Float64Array;
  readonly products: Float64Array;
  /** Decay from the chunk's start through each token, and from behind each token to the chunk's end; over the whole chunk. */
  readonly fromStart: Float64Array;
  readonly toEnd: Float64Array;
  all: number;
  /** Scratch of one row. */
  readonly weights: Float64Array;
  readonly mask: Float64Array;
  readonly below: Float64Array;
}

export function emptyChunk(chunk: number, rows: number, cols: number, state: number): Chunk {
  const matrix = (height: number, width: number) => new Float64Array(height * width);
  return {
    size: chunk,
    B: matrix(rows, state),
    C: matrix(rows, state),
    x: matrix(rows, cols),
    dy: matrix(rows, cols),
    y: matrix(rows, cols),
    dx: matrix(rows, cols),
    scaled: matrix(rows, cols),
    L: matrix(rows, rows),
    scores: matrix(rows, rows),
    products: matrix(rows, rows),
    fromStart: matrix(rows, 1),
    toEnd: matrix(rows, 1),
    all: 1,
    weights: matrix(Math.max(rows, cols), 1),
    mask: matrix(rows, 1),
    below: matrix(rows, 1),
  };
}

/** L and the decays beside it: products of decays, never a ratio or a difference of running sums, which cancel (listing 1). */
export function loadMask(chunk: Chunk, decayOf: (q: number) => number): void {
  const { L, mask, fromStart, toEnd, size } = chunk;
  const rows = mask.length;
  fromStart.fill(0);
  toEnd.fill(0);
  let all = 1;
  for (let q = 0; q < size; q++) {
    const a = decayOf(q);
    all *= a;
    fromStart[q] = all;
    nextMaskRow(mask, q, a);
    for (let s = 0; s <= q; s++) L[q * rows + s] = mask[s];
  }
  for (let s = 0; s < size; s++) toEnd[s] = mask[s];
  chunk.all = all;
}

/**
 * dlogA of each token: a path from s to q passes the decays of the tokens behind s up to q, and so gives its part of <dy, y> to each of
 * them. From pairs of tokens of the chunk, from the state before it to each token, from each token to R behind it, and from the one to the
 * other. Sums of what passes, never differences of running sums.
 * @param whole the last of these four
 * @param dl the result, from `first` on
 */
export function gradientsOfDecays(
  { size, L, scores, products, x, dy, y, dx, weights, below }: Chunk,
  whole: number,
  cols: number,
  dl: Float64Array,
  first: number,
): void {
  const rows = below.length;
  // weights: what tokens before t give to R, summed up
  for (let t = 0, sum = 0; t < size; t++) {
    weights[t] = sum;
    sum += dotRows(x, dx, t, cols);
  }
  below.fill(0);
  for (let t = size - 1, fromState = 0; t >= 0; t--) {
    fromState += dotRows(dy, y, t, cols);
    let sum = 0;
    for (let s = 0; s < t; s++) {
      below[s] += L[t * rows + s] * scores[t * rows + s] * products[t * rows + s];
      sum += below[s];
    }
    dl[first + t] = sum + fromState + weights[t] + whole;
  }
}

function dotRows(u: Float64Array, v: Float64Array, row: number, cols: number): number {
  let sum = 0;
  for (let i = row * cols; i < (row + 1) * cols; i++) sum += u[i] * v[i];
  return sum;
}
