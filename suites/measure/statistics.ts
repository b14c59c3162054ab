/** The few statistics that decide when to stop and what to report. Distribution-free: run times are skewed and have outliers. */

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Probability that the interval holds the median, at least 0.95 from six samples on. */
  readonly coverage: number;
}

/** Linear interpolation between order statistics (type 7, as R and NumPy). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/**
 * Confidence interval of the median from order statistics: the number of samples below the median is binomial(n, 1/2) whatever
 * the distribution, so [x_(k), x_(n+1-k)] holds it with probability 1 - 2 P(binomial < k). The narrowest one that reaches the
 * wanted confidence; with too few samples for any, the whole range and the coverage it has.
 */
export function medianInterval(sorted: ArrayLike<number>, confidence = 0.95): Interval {
  const n = sorted.length;
  if (n === 0) throw new Error("medianInterval needs at least one sample, got none");
  // log space: 2^-n underflows from about a thousand samples on
  let logTerm = -n * Math.LN2;
  let tail = Math.exp(logTerm);
  let k = 1;
  while (k < Math.floor(n / 2)) {
    logTerm += Math.log((n - k + 1) / k);
    const next = tail + Math.exp(logTerm);
    if (1 - 2 * next < confidence) break;
    tail = next;
    k++;
  }
  return { low: sorted[k - 1], high: sorted[n - k], coverage: Math.max(0, 1 - 2 * tail) };
}

/** Half the width of the interval, relative to the median: what the stopping rule looks at. */
export function relativeHalfWidth(sorted: ArrayLike<number>): number {
  const { low, high } = medianInterval(sorted);
  return (high - low) / 2 / quantile(sorted, 0.5);
}

export function ascending(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}
