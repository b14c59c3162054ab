/** A convolution whose kernel is a sum of modes: what it errs by as a recurrence, and whether kernel and modes agree. */

import { type AnyOperator, inputReader, type Problem } from "../../operator.js";

export interface Modes {
  readonly poles: Float64Array;
  readonly weights: Float64Array;
}

/**
 * For each token, in units of u:
 *   count    every rounding at its largest:   M <- |a| M + |w x|,  G <- |a| G + 2 M
 *   squares  a random walk of roundings of their real sizes: E <- a^2 E + (a S)^2 + (w x)^2 + S^2
 * and the floor, in units of eta: the states that may be flushed to zero, and where that still shows.
 */
export function modeErrors(signal: Float64Array, { poles, weights }: Modes) {
  const { length } = signal;
  const modes = poles.length;
  const [S, M, G, E] = Array.from({ length: 4 }, () => new Float64Array(modes));
  const [count, squares, floor] = Array.from({ length: 3 }, () => new Float64Array(length));
  const largest = weights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
  for (let t = 0; t < length; t++) {
    let [y, absY, age, walk, sums] = [0, 0, 0, 0, 0];
    for (let n = 0; n < modes; n++) {
      const a = poles[n];
      const x = weights[n] * signal[t];
      const old = a * S[n];
      S[n] = old + x;
      M[n] = Math.abs(a) * M[n] + Math.abs(x);
      G[n] = Math.abs(a) * G[n] + 2 * M[n];
      E[n] = a * a * E[n] + old * old + x * x + S[n] * S[n];
      y += S[n];
      absY += M[n];
      age += G[n];
      walk += E[n];
      sums += y * y;
    }
    count[t] = age + (modes + 2) * absY;
    squares[t] = walk + sums + 2 * y * y;
    floor[t] = modes * (1 + largest) * (t + 1);
  }
  return { count, squares, floor };
}

/** Why poles, weights and K contradict each other, or undefined: K is compared at its first two and its last tap. */
export function contradiction(operator: AnyOperator, problem: Problem): string | undefined {
  const [K, poles, weights] = ["K", "poles", "weights"].map((name) => inputReader(operator, problem, name));
  if (!poles && !weights) return undefined;
  if (!poles || !weights) return `poles and weights come together, got ${poles ? "poles" : "weights"} alone`;
  const { length, heads, headDim } = problem.dims;
  // small taps lie on the grid of denormals
  const grid = problem.dtype === "f16" ? 2 ** -24 : 1e-30;
  for (let c = 0; c < heads * headDim; c++) {
    for (const j of new Set([0, Math.min(1, length - 1), length - 1])) {
      let value = 0;
      let scale = 0;
      for (let n = 0; n < headDim; n++) {
        const pole = poles.at(0, c * headDim + n);
        if (!(Math.abs(pole) <= 1)) return `poles must lie in [-1, 1], got ${pole}`;
        const term = weights.at(0, c * headDim + n) * pole ** j;
        value += term;
        scale += Math.abs(term);
      }
      const got = K!.at(0, c * length + j);
      if (!(Math.abs(got - value) <= 2 ** -7 * scale + grid))
        return (
          `K must be the kernel of poles and weights (make it by ltiProblem), ` +
          `got K=${got} instead of ${value} in channel ${c} at ${j}`
        );
    }
  }
  return undefined;
}
