/** The forms of attention in any arithmetic; causal. */
import { type Attention, attentionScale } from "../../../impls/attention/operator.js";
import type { Problem } from "../../../impls/operator.js";
import { type Arithmetic, sum } from "../arithmetic.js";

/** One query: its weights' logits, and the values of the keys that it sees. */
interface Row {
  readonly keys: number;
  logit(s: number): number;
  value(s: number): number;
}
export type RowForm = (arithmetic: Arithmetic, row: Row) => number;

/** All weights on the maximum, divided by their sum last. */
export const materialised: RowForm = (arithmetic, { keys, logit, value }) => {
  const { add, div, exp, products } = arithmetic;
  const logits = Array.from({ length: keys }, (_, s) => logit(s));
  const max = Math.max(...logits);
  const weights = logits.map((l) => exp(add(l, -max)));
  return div(
    products(keys, (s) => weights[s], value),
    sum(add, keys, (s) => weights[s]),
  );
};

/** FlashAttention-2, algorithm 1: tile by tile, with what there is rescaled to each new maximum. */
export const tiled =
  (tile: number): RowForm =>
  (arithmetic, { keys, logit, value }) => {
    const { add, mul, div, exp, products } = arithmetic;
    let [max, y, total] = [Number.NEGATIVE_INFINITY, 0, 0];
    for (let s0 = 0; s0 < keys; s0 += tile) {
      const count = Math.min(tile, keys - s0);
      const logits = Array.from({ length: count }, (_, i) => logit(s0 + i));
      const newMax = Math.max(max, ...logits);
      const weights = logits.map((l) => exp(add(l, -newMax)));
      const kept = s0 === 0 ? 0 : exp(add(max, -newMax));
      const [past, pastTotal] = s0 === 0 ? [undefined, undefined] : [mul(kept, y), mul(kept, total)];
      y = products(
        count,
        (i) => weights[i],
        (i) => value(s0 + i),
        past,
      );
      total = sum(add, count, (i) => weights[i], pastTotal);
      max = newMax;
    }
    return div(y, total);
  };

export interface AttentionValues {
  readonly Q: ArrayLike<number>;
  readonly K: ArrayLike<number>;
  readonly V: ArrayLike<number>;
}

/** Runs a form on every query of one head of one sequence. */
export function eachRow(
  problem: Problem<Attention>,
  { Q, K, V }: AttentionValues,
  Y: Float64Array,
  arithmetic: Arithmetic,
  form: RowForm,
): void {
  const { length, headDim, headDimV } = problem.dims;
  const scale = attentionScale(problem);
  for (let t = 0; t < length; t++)
    for (let e = 0; e < headDimV; e++)
      Y[t * headDimV + e] = form(arithmetic, {
        keys: t + 1,
        logit: (s) =>
          arithmetic.mul(
            scale,
            arithmetic.products(
              headDim,
              (n) => Q[t * headDim + n],
              (n) => K[s * headDim + n],
            ),
          ),
        value: (s) => V[s * headDimV + e],
      });
}
