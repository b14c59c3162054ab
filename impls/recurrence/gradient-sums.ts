/**
 * Values of gradients with what they err by, added up term by term: over channels, heads, tokens and batches. Errors of terms add; a sum
 * of n terms makes n more roundings of the whole at most.
 */
import { type Bounds, emptyBounds } from "../bound.js";

/** What one term errs by: `weighted` and `perSum` are counts of roundings times the scale. */
export interface Term {
  value: number;
  scale: number;
  weighted: number;
  /**
   * Squares of those roundings times the scale: the same where all are of size one. The |l| roundings of a decay are one rounding of the
   * step, |l| times as large: they do not even out.
   */
  squares: number;
  perSum: number;
  floor: number;
}

export function noTerm(): Term {
  return { value: 0, scale: 0, weighted: 0, squares: 0, perSum: 0, floor: 0 };
}

/** @param weighted roundings of size one */
export function termOf(value: number, scale: number, weighted: number, perSum: number, floor = 0): Term {
  return { value, scale, weighted, squares: weighted, perSum, floor };
}

/** The same without a new object: where terms are many. */
export function setTerm(
  term: Term,
  value: number,
  scale: number,
  weighted: number,
  perSum: number,
  floor: number,
  squares: number,
): void {
  term.value = value;
  term.scale = scale;
  term.weighted = weighted;
  term.squares = squares;
  term.perSum = perSum;
  term.floor = floor;
}

/** A row of terms that are sums themselves, e.g. over channels; they share their floor. */
export class TermRow {
  readonly value: Float64Array;
  readonly scale: Float64Array;
  readonly weighted: Float64Array;
  readonly perSum: Float64Array;
  floor = 0;

  constructor(size: number) {
    const array = () => new Float64Array(size);
    [this.value, this.scale, this.weighted, this.perSum] = [array(), array(), array(), array()];
  }

  clear(): void {
    for (const array of [this.value, this.scale, this.weighted, this.perSum]) array.fill(0);
    this.floor = 0;
  }

  at(n: number): Term {
    return termOf(this.value[n], this.scale[n], this.weighted[n], this.perSum[n], this.floor);
  }
}

/** Bounds of one output under way; counts are still times the scale. */
export class GradientSums {
  readonly #bounds: Bounds;
  readonly #squares: Float64Array;

  /** @param terms that each element is a sum of, in the output's own last sum */
  constructor(
    size: number,
    private readonly terms: number,
  ) {
    this.#bounds = emptyBounds(size);
    this.#squares = new Float64Array(size);
  }

  /** Adds `factor` times a term, where the product makes `roundings` more. */
  add(i: number, term: Term, factor = 1, roundings = 0): void {
    const { value, scale, count, countPerSum, floor } = this.#bounds;
    const size = Math.abs(factor);
    value[i] += factor * term.value;
    scale[i] += size * term.scale;
    count[i] += size * (term.weighted + roundings * term.scale);
    this.#squares[i] += size * (term.squares + roundings * term.scale);
    countPerSum[i] += size * term.perSum;
    floor[i] += (1 + size) * term.floor;
  }

  /** The same for each element of a state with its errors, from the first-th on. */
  addRow(
    first: number,
    [S, M, G, H, Q]: readonly Float64Array[],
    factor: number,
    roundings: number,
    floorOfEach: number,
  ): void {
    const { value, scale, count, countPerSum, floor } = this.#bounds;
    const squares = this.#squares;
    const size = Math.abs(factor);
    for (let n = 0, i = first; n < S.length; n++, i++) {
      value[i] += factor * S[n];
      scale[i] += size * M[n];
      count[i] += size * (G[n] + roundings * M[n]);
      squares[i] += size * (Q[n] + roundings * M[n]);
      countPerSum[i] += size * (H[n] + M[n]);
      floor[i] += (1 + size) * floorOfEach;
    }
  }

  bounds(): Bounds {
    const { scale, count, countPerSum } = this.#bounds;
    const squares = this.#squares;
    for (let i = 0; i < scale.length; i++) {
      count[i] = scale[i] > 0 ? count[i] / scale[i] + this.terms : 0;
      countPerSum[i] = scale[i] > 0 ? countPerSum[i] / scale[i] : 0;
      squares[i] = scale[i] > 0 ? squares[i] / scale[i] + this.terms : 0;
    }
    return { ...this.#bounds, squares };
  }
}

/** As many roundings as make the whole of a value in f32: where rounding decides on which side of a limit a step lies. */
export const ALL = 2 ** 24;

/** Adds `factor` times a term, where the product makes `roundings` more. */
export function addTo(sum: Term, term: Term, factor: number, roundings: number): void {
  const size = Math.abs(factor);
  sum.value += factor * term.value;
  sum.scale += size * term.scale;
  sum.weighted += size * (term.weighted + roundings * term.scale);
  sum.squares += size * (term.squares + roundings * term.scale);
  sum.perSum += size * term.perSum;
  sum.floor += (1 + size) * term.floor;
}

export function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** Those of silu(z) and of its derivative: a few, and |z| of them through the exponential. */
export function gateRoundings(z: number): number {
  return 12 + 4 * Math.abs(z);
}

/** y silu'(z): the two parts of the derivative may cancel, and the scale is that of both. */
export function gateTerm(y: Term, z: number): Term {
  const sigmoid = 1 / (1 + Math.exp(-z));
  const scale = sigmoid * (1 + Math.abs(z) * (1 - sigmoid));
  const term = noTerm();
  addTo(term, y, scale, gateRoundings(z));
  return { ...term, value: y.value * sigmoid * (1 + z * (1 - sigmoid)) };
}

/** A state, or the gradient of one, with the errors of its recurrences. */
export function addStates(
  sum: GradientSums,
  first: number,
  states: readonly Float64Array[],
  floor: number,
): void {
  sum.addRow(first, states, 1, 0, floor);
}
