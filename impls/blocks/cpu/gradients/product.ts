/** A product of tokens with a weight, and its two products backward: they are sums of the same kind, of matrices turned around. */
import { multiply } from "../product.js";
import type { Pair, Step } from "./tape.js";

export interface Weighted {
  /** (rows, columns), and its gradient. */
  readonly W: Float32Array;
  readonly dW: Float32Array;
  readonly columns: number;
  readonly bias?: Float32Array | undefined;
  readonly dBias?: Float32Array | undefined;
}

/** to <- from W^T + bias */
export function productStep({ W, dW, columns, bias, dBias }: Weighted, from: Pair, to: Pair): Step {
  const rows = W.length / columns;
  const tokens = from.value.length / columns;
  const turnedW = new Float32Array(W.length);
  const turnedFrom = new Float32Array(from.value.length);
  const turnedTo = new Float32Array(to.grad.length);
  const through = new Float32Array(from.grad.length);
  return {
    forward: () => multiply({ W, columns, bias }, from.value, to.value),
    backward() {
      turn(W, columns, turnedW);
      multiply({ W: turnedW, columns: rows }, to.grad, through);
      for (let i = 0; i < through.length; i++) from.grad[i] += through[i];
      turn(from.value, columns, turnedFrom);
      turn(to.grad, rows, turnedTo);
      multiply({ W: turnedFrom, columns: tokens }, turnedTo, dW);
      if (dBias) for (let r = 0; r < rows; r++) dBias[r] = sumOf(turnedTo, r * tokens, tokens);
    },
  };
}

/** Rows of `columns` numbers become columns. */
function turn(from: Float32Array, columns: number, to: Float32Array): void {
  const rows = from.length / columns;
  for (let r = 0, i = 0; r < rows; r++) for (let c = 0; c < columns; c++, i++) to[c * rows + r] = from[i];
}

function sumOf(values: Float32Array, first: number, count: number): number {
  let sum = 0;
  for (let i = first; i < first + count; i++) sum += values[i];
  return sum;
}
