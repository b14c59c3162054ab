/** The sum itself, y[t] = sum of K[j] u[t - j] for j <= t, in any arithmetic. */
import type { Arithmetic } from "../arithmetic.js";

/** One channel of one sequence. */
export function direct(
  { products }: Arithmetic,
  { u, K }: { readonly u: ArrayLike<number>; readonly K: ArrayLike<number> },
  Y: Float64Array,
): void {
  for (let t = 0; t < Y.length; t++)
    Y[t] = products(
      t + 1,
      (j) => K[j],
      (j) => u[t - j],
    );
}
