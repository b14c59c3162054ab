/** The quadratic form of masked attention under 1-semiseparable masks, in any arithmetic; one head of one sequence. */
import { type Arithmetic, sum } from "../arithmetic.js";

export interface MaskedValues {
  readonly Q: ArrayLike<number>;
  readonly K: ArrayLike<number>;
  readonly V: ArrayLike<number>;
  readonly logA: ArrayLike<number>;
}

/** Y = (L o Q K^T) V with L[t, s] = exp(logA_(s+1) + ... + logA_t). @param Y one channel of V */
export function quadratic(
  arithmetic: Arithmetic,
  { Q, K, V, logA }: MaskedValues,
  headDim: number,
  Y: Float64Array,
): void {
  const { add, mul, exp, products } = arithmetic;
  for (let t = 0; t < Y.length; t++) {
    const weights = Array.from({ length: t + 1 }, (_, s) => {
      const score = products(
        headDim,
        (n) => Q[t * headDim + n],
        (n) => K[s * headDim + n],
      );
      return s === t ? score : mul(exp(sum(add, t - s, (i) => logA[t - i])), score);
    });
    Y[t] = products(
      t + 1,
      (s) => weights[s],
      (s) => V[s],
    );
  }
}
