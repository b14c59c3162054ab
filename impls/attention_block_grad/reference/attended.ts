/**
 * Attention backward on numbers that carry their errors, a query after another. A logit errs by lambda (impls/attention_block/README.md),
 * its weight by lambda and the mean of all lambdas, relative to it.
 */
import { roundSum } from "../../blocks/reference/gradients/products.js";
import {
  addProduct,
  addScaled,
  KINDS,
  normOf,
  round,
  type Sized,
  sized,
} from "../../blocks/reference/gradients/sized.js";
import { grown } from "../../blocks/reference/steps.js";
import type { Problem } from "../../operator.js";

export class AttendedBack {
  readonly #dims: Readonly<Record<string, number>>;
  readonly #drow: Sized;
  /** Sizes of all that was added. */
  readonly #sizes: Float64Array;

  /** @param turned queries, keys and values of all tokens. @param dy (tokens inner) */
  constructor(
    problem: Problem,
    private readonly turned: Sized,
    private readonly dy: Sized,
    private readonly scale: number,
  ) {
    this.#dims = problem.dims as Readonly<Record<string, number>>;
    this.#drow = sized(turned.value.length);
    this.#sizes = new Float64Array(turned.value.length);
  }

  head(b: number, h: number): void {
    const { length, heads, groups, headDim, inner, projected } = this.#dims;
    const g = Math.floor(h / (heads / groups));
    const tokenAt = (t: number) => (b * length + t) * projected;
    const keyAt = (s: number) => tokenAt(s) + inner + g * headDim;
    for (let t = 0; t < length; t++) {
      const [q, d] = [tokenAt(t) + h * headDim, (b * length + t) * inner + h * headDim];
      const keys = Array.from({ length: t + 1 }, (_, s) => keyAt(s));
      this.#query(q, d, keys, groups * headDim);
    }
  }

  /** What comes back of all rows, with the roundings of their sums. */
  drow(): Sized {
    const { length, heads, groups } = this.#dims;
    for (let i = 0; i < this.#sizes.length; i++)
      roundSum(this.#drow, i, (length * heads) / groups, this.#sizes[i]);
    return this.#drow;
  }

  /** One query. @param valueBehind numbers from a key to its value */
  #query(q: number, d: number, keys: readonly number[], valueBehind: number): void {
    const { headDim } = this.#dims;
    const { weights, sizes } = this.#weights(q, keys);
    // dP = dO . v, D = sum p dP
    const dP = sized(keys.length);
    const along = sized(1);
    let alongSize = 0;
    const normD = normOf(this.dy, d, headDim);
    for (const [s, key] of keys.entries()) {
      const normV = normOf(this.turned, key + valueBehind, headDim);
      for (let i = 0; i < headDim; i++)
        dP.value[s] += this.dy.value[d + i] * this.turned.value[key + valueBehind + i];
      for (let k = 0; k < KINDS; k++)
        dP.errors[k][s] = normD.value * normV.errors[k] + normD.errors[k] * normV.value;
      sizes[s] = normD.value * normV.value;
      round(dP, s, headDim + 2, sizes[s]);
      addProduct(along, 0, weights, s, dP, s);
      alongSize += weights.value[s] * sizes[s];
    }
    round(along, 0, 3 * keys.length, alongSize);
    for (const [s, key] of keys.entries()) {
      const less = sized(1);
      addScaled(less, 0, 1, dP, s);
      addScaled(less, 0, -1, along, 0);
      const size = sizes[s] + alongSize;
      round(less, 0, 1, size);
      const dS = sized(1);
      addProduct(dS, 0, weights, s, less, 0);
      // an error of the weight meets both on absolute terms
      for (let k = 0; k < KINDS; k++)
        dS.errors[k][0] += weights.errors[k][s] * (size - Math.abs(less.value[0]));
      round(dS, 0, 2, weights.value[s] * size);
      const scaled = sized(1);
      addScaled(scaled, 0, this.scale, dS, 0);
      const total = Math.abs(this.scale) * weights.value[s] * size;
      for (let i = 0; i < headDim; i++) {
        this.#add(q + i, scaled, 0, this.turned, key + i, total);
        this.#add(key + i, scaled, 0, this.turned, q + i, total);
        this.#add(key + valueBehind + i, weights, s, this.dy, d + i, weights.value[s]);
      }
    }
  }

  #add(to: number, a: Sized, i: number, b: Sized, j: number, size: number): void {
    addProduct(this.#drow, to, a, i, b, j);
    this.#sizes[to] += size * Math.abs(b.value[j]);
  }

  /** softmax of a query, with the errors of each weight; `sizes` is room for as many numbers. */
  #weights(q: number, keys: readonly number[]) {
    const { headDim } = this.#dims;
    const factor = Math.abs(this.scale);
    const weights = sized(keys.length);
    const normQ = normOf(this.turned, q, headDim);
    const norms = keys.map((key) => normOf(this.turned, key, headDim));
    const logits = keys.map((key) => {
      let sum = 0;
      for (let i = 0; i < headDim; i++) sum += this.turned.value[q + i] * this.turned.value[key + i];
      return this.scale * sum;
    });
    const most = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    const mean = new Float64Array(KINDS);
    const lambdas = logits.map((logit, s) => {
      const p = Math.exp(logit - most) / total;
      weights.value[s] = p;
      const key = norms[s];
      const product = factor * normQ.value * key.value;
      const own = (headDim + 3) * product + 6 * (most - logit) + 8;
      const brought = key.errors.map(
        (error, k) => factor * (normQ.value * error + normQ.errors[k] * key.value),
      );
      const lambda = [
        grown(brought[0] + own, 1),
        Math.hypot(brought[1], Math.sqrt(own)),
        brought[2] + product + 1,
        Math.hypot(brought[3], product + 1),
        brought[4],
      ];
      for (let k = 0; k < KINDS; k++) mean[k] += p * lambda[k];
      return lambda;
    });
    for (const [s, lambda] of lambdas.entries())
      for (let k = 0; k < KINDS; k++) weights.errors[k][s] = weights.value[s] * (lambda[k] + mean[k]);
    for (let s = 0; s < keys.length; s++) round(weights, s, keys.length + 2, weights.value[s]);
    return { weights, sizes: new Float64Array(keys.length) };
  }
}
