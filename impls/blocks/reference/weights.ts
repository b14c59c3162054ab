/** Matrix products of a block on numbers that carry their errors (../README.md, "The bound"). */
import type { AnyOperator, Problem } from "../../operator.js";
import { inputReader } from "../../operator.js";
import { WEIGHT_PERIOD } from "../../random.js";
import type { Reader } from "../../tensor.js";
import { type Numbers, normsOf } from "./numbers.js";

export interface Weights {
  readonly rows: number;
  readonly columns: number;
  /** y <- W v + bias for the rows from `firstRow` on, as many as `to` has. */
  product(v: Numbers, to: Numbers, firstRow?: number): void;
}

/** A weight of a problem, (out, in), with the bias that is added behind it. @throws where the problem has no such weight */
export function weightsOf(operator: AnyOperator, problem: Problem, name: string, bias?: string): Weights {
  const source = problem.inputs[name]!;
  const reader = inputReader(operator, problem, name)!;
  const columns = source.shape[source.shape.length - 1];
  const rows = source.shape[0];
  const repeats = source.kind === "random" && source.distribution === "weight";
  const period = repeats ? Math.min(columns, WEIGHT_PERIOD) : columns;
  return new FoldedWeights(
    rows,
    columns,
    period,
    reader,
    bias ? inputReader(operator, problem, bias) : undefined,
  );
}

/** Of each row the columns before it repeats. */
class FoldedWeights implements Weights {
  private readonly W: Float64Array;
  private readonly norms: Float64Array;
  private readonly folded: Float64Array;

  constructor(
    readonly rows: number,
    readonly columns: number,
    private readonly period: number,
    reader: Reader,
    private readonly bias: Reader | undefined,
  ) {
    this.W = new Float64Array(rows * period);
    this.norms = new Float64Array(rows);
    this.folded = new Float64Array(period);
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let k = 0; k < period; k++) {
        const w = reader.at(0, r * columns + k);
        this.W[r * period + k] = w;
        sum += w * w * Math.ceil((columns - k) / period);
      }
      this.norms[r] = Math.sqrt(sum);
    }
  }

  product(v: Numbers, to: Numbers, firstRow = 0): void {
    const { columns, bias } = this;
    this.fold(v.value);
    const of = normsOf(v);
    // errors walk through a row of both signs; four columns or fewer may all be on one side
    const share = Math.min(columns, 4) / columns;
    for (let i = 0; i < to.value.length; i++) {
      const row = firstRow + i;
      const norm = this.norms[row];
      const b = bias ? bias.at(0, row) : 0;
      const size = norm * of.value + Math.abs(b);
      const value = this.row(row) + b;
      to.value[i] = value;
      to.certified[i] = norm * of.certified + (columns + 2) * size;
      to.squares[i] = norm * norm * share * of.squares + (2 + columns / 64) * size * size;
      to.stored[i] = norm * of.stored + Math.abs(value);
      to.storedSquares[i] = norm * norm * share * of.storedSquares + value * value;
      to.perSum[i] = norm * of.perSum;
    }
  }

  /** Adds up what meets equal weights. */
  private fold(values: Float64Array): void {
    const { folded, period } = this;
    folded.fill(0);
    for (let c = 0, k = 0; c < values.length; c++) {
      folded[k] += values[c];
      if (++k === period) k = 0;
    }
  }

  private row(row: number): number {
    const { W, folded, period } = this;
    const first = row * period;
    let [a, b, c, d] = [0, 0, 0, 0];
    let k = 0;
    for (; k + 4 <= period; k += 4) {
      a += W[first + k] * folded[k];
      b += W[first + k + 1] * folded[k + 1];
      c += W[first + k + 2] * folded[k + 2];
      d += W[first + k + 3] * folded[k + 3];
    }
    for (; k < period; k++) a += W[first + k] * folded[k];
    return a + b + (c + d);
  }
}
