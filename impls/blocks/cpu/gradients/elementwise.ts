/** Maps of single numbers between the stages of a block, gates, moves and their gradients. */
import { type Columns, silu } from "../columns.js";
import type { Pair, Step } from "./tape.js";

/** d silu(v) / dv; 1 - sigmoid as the sigmoid of -v, which keeps its digits. */
export function siluSlope(v: number): number {
  const [sigmoid, other] = [1 / (1 + Math.exp(-v)), 1 / (1 + Math.exp(v))];
  return sigmoid * (1 + v * other);
}

/** A map and its slope. */
export interface Curve {
  readonly at: (v: number) => number;
  readonly slope: (v: number) => number;
}

export const SILU: Curve = { at: silu, slope: siluSlope };

/** Feature maps of B and C; the slope of relu at 0 is 0. */
export const CURVES = {
  silu: SILU,
  identity: { at: (v: number) => v, slope: () => 1 },
  relu: { at: (v: number) => Math.max(v, 0), slope: (v: number) => (v > 0 ? 1 : 0) },
  elu1: {
    at: (v: number) => (v < 0 ? Math.exp(v) : v + 1),
    slope: (v: number) => (v < 0 ? Math.exp(v) : 1),
  },
} as const satisfies Record<string, Curve>;

/** to <- f(from) */
export function curveStep({ at, slope }: Curve, from: Pair, to: Pair): Step {
  return {
    forward() {
      for (let i = 0; i < to.value.length; i++) to.value[i] = at(from.value[i]);
    },
    backward() {
      for (let i = 0; i < to.value.length; i++) from.grad[i] += to.grad[i] * slope(from.value[i]);
    },
  };
}

/** to <- silu(gate) from */
export function gateStep(gate: Pair, from: Pair, to: Pair): Step {
  return {
    forward() {
      for (let i = 0; i < to.value.length; i++) to.value[i] = silu(gate.value[i]) * from.value[i];
    },
    backward() {
      for (let i = 0; i < to.value.length; i++) {
        gate.grad[i] += to.grad[i] * from.value[i] * siluSlope(gate.value[i]);
        from.grad[i] += to.grad[i] * silu(gate.value[i]);
      }
    },
  };
}

/**
 * Columns of rows side by side, each run of `size` numbers given to as many heads as share it.
 * @param to rows of heads x size numbers
 */
export function spreadStep(from: Pair, columns: Columns, size: number, heads: number, to: Pair): Step {
  const { start, width, stride } = columns;
  const each = heads / (width / size);
  const visit = (move: (at: number, spread: number) => void) => {
    for (let row = 0, i = 0; i < to.value.length; row++)
      for (let h = 0; h < heads; h++) {
        const first = row * stride + start + Math.floor(h / each) * size;
        for (let c = 0; c < size; c++, i++) move(first + c, i);
      }
  };
  return {
    forward: () =>
      visit((at, i) => {
        to.value[i] = from.value[at];
      }),
    backward: () =>
      visit((at, i) => {
        from.grad[at] += to.grad[i];
      }),
  };
}

/** Columns of rows side by side. */
export function takeStep(from: Pair, columns: Columns, to: Pair): Step {
  return spreadStep(from, columns, columns.width, 1, to);
}

/** Rows become columns of wider rows. */
export function putStep(from: Pair, { start, width, stride }: Columns, to: Pair): Step {
  const visit = (move: (at: number, i: number) => void) => {
    for (let row = 0, i = 0; i < from.value.length; row++)
      for (let c = 0; c < width; c++, i++) move(row * stride + start + c, i);
  };
  return {
    forward: () =>
      visit((at, i) => {
        to.value[at] = from.value[i];
      }),
    backward: () =>
      visit((at, i) => {
        from.grad[i] += to.grad[at];
      }),
  };
}
