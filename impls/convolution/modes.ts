/** The errors of a convolution that runs as a recurrence: the error recurrences of ssd for constant poles. */

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
