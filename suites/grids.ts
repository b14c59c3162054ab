/** Sizes that all suites share: same batch, length and width for every operator, so that curves may be compared. */
import { operators } from "../impls/index.js";
import { usualPairs } from "../impls/mamba3/index.js";
import { type AnyOperator, dimsFrom, type Problem, randomProblem } from "../impls/operator.js";
import type { Dtype } from "../impls/tensor.js";
import { isFigureOperator } from "../reports/analysis/families.js";
import type { Grid } from "./suite.js";

export interface GridShape {
  readonly batch: number;
  readonly heads: number;
  readonly headDim: number;
  /** Heads share that many B and C; as `gridProblem` says where it is absent. */
  readonly groups?: number;
  /** Lengths of the sequence-length suite, smallest first; its state is STATE. */
  readonly lengths: readonly number[];
  /** States of the state-size suite; its length is LENGTH. */
  readonly states: readonly number[];
  /** An implementation takes part in the dtypes it accepts. */
  readonly dtypes: readonly Dtype[];
}

export const STATE = 64;
export const LENGTH = 4096;

export function doubling(from: number, to: number): number[] {
  const sizes: number[] = [];
  for (let size = from; size <= to; size *= 2) sizes.push(size);
  return sizes;
}

/** quick and default are one narrow model on any machine; paper is the paper's width of 1024 in full. */
export const GRIDS: Readonly<Record<Grid, GridShape>> = {
  quick: {
    batch: 1,
    heads: 1,
    headDim: 64,
    lengths: doubling(512, 4096),
    states: doubling(16, 256),
    dtypes: ["f32"],
  },
  // the whole of the paper's axis: what does not fit the time is skipped with a predicted time, and drawn hollow
  default: {
    batch: 1,
    heads: 1,
    headDim: 64,
    lengths: doubling(512, 524288),
    states: doubling(16, 256),
    dtypes: ["f32"],
  },
  paper: {
    batch: 1,
    heads: 16,
    headDim: 64,
    lengths: doubling(512, 524288),
    states: doubling(16, 256),
    dtypes: ["f32", "f16", "bf16"],
  },
};

/** The operators of Figure 10. */
export function figureOperators(): AnyOperator[] {
  return operators.filter(({ name }) => isFigureOperator(name));
}

/** Of the short convolution, as Mamba and Mamba-2 have it: a token and three before it. */
export const TAPS = { width: 4, past: 3 };

/** Of blocks whose sequence map has so many channels: half as many in the model, as Mamba has it. */
export function blockSizes(inner: number): Readonly<Record<"modelDim" | "inner" | "rank", number>> {
  const modelDim = Math.max(1, inner / 2);
  return { modelDim, inner, rank: Math.ceil(modelDim / 16) };
}

/** A random problem of any operator; dimensions that it does not have are left out. */
export function gridProblem(
  operator: AnyOperator,
  shape: GridShape,
  size: { readonly length: number; readonly state: number; readonly dtype: Dtype; readonly seed: number },
): Problem {
  const { length, state, dtype, seed } = size;
  const all: Record<string, number> = {
    batch: shape.batch,
    length,
    context: length,
    heads: shape.heads,
    // one B and C for all heads, as Mamba-2; every attention head its own keys and values, as FlashAttention-2's figure
    groups: shape.groups ?? (operator.name.startsWith("attention") ? shape.heads : 1),
    headDim: shape.headDim,
    headDimV: shape.headDim,
    state,
    pairs: usualPairs(state),
    ...TAPS,
    ...blockSizes(shape.heads * shape.headDim),
  };
  // Mamba-2 scales X by its time steps; without them a head that remembers 44,000 tokens would leave f16's range
  const optional = operator.name.startsWith("ssd") ? { with: ["dt"] } : {};
  return randomProblem(operator, { dims: dimsFrom(operator, all), dtype, seed, ...optional }) as Problem;
}

/** By the work that any form must do: what a larger case costs is predicted from smaller ones. */
export function smallestFirst<T>(
  operator: AnyOperator,
  items: readonly T[],
  problemOf: (item: T) => Problem,
): T[] {
  const flops = (item: T) => operator.cost(problemOf(item)).flops;
  return items.toSorted((a, b) => flops(a) - flops(b));
}
