/** Convolution of long float64 signals by a textbook radix-2 FFT with zero padding: the reference's own, shared with no form. */

/** sum_{j <= t} kernel_j signal_(t-j) for every t; both of the same length. */
export function convolveByFft(signal: Float64Array, kernel: Float64Array): Float64Array {
  const { length } = signal;
  const size = 2 ** Math.ceil(Math.log2(2 * length));
  const cos = new Float64Array(size / 2);
  const sin = new Float64Array(size / 2);
  for (let k = 0; k < size / 2; k++) {
    cos[k] = Math.cos((2 * Math.PI * k) / size);
    sin[k] = Math.sin((2 * Math.PI * k) / size);
  }
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  // Signal and kernel share one transform as real and imaginary part, brought to the same size first: neither drowns the other
  const signalUnit = unitOf(signal);
  const kernelUnit = unitOf(kernel);
  for (let t = 0; t < length; t++) {
    re[t] = signal[t] / signalUnit;
    im[t] = kernel[t] / kernelUnit;
  }
  forward(re, im, cos, sin);
  multiplySpectra(re, im);
  inverse(re, im, cos, sin);
  const unit = signalUnit * kernelUnit;
  return re.subarray(0, length).map((value) => (value / size) * unit);
}

/** A power of two near the largest magnitude, so that scaling by it is exact. */
function unitOf(values: Float64Array): number {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max > 0 && Number.isFinite(max) ? 2 ** Math.floor(Math.log2(max)) : 1;
}

/** Decimation in frequency, in place: natural order in, bit-reversed order out. */
function forward(re: Float64Array, im: Float64Array, cos: Float64Array, sin: Float64Array): void {
  const size = re.length;
  for (let half = size / 2, step = 1; half >= 1; half /= 2, step *= 2) {
    for (let block = 0; block < size; block += 2 * half) {
      for (let k = 0, i = block, j = block + half; k < half; k++, i++, j++) {
        const differenceRe = re[i] - re[j];
        const differenceIm = im[i] - im[j];
        re[i] += re[j];
        im[i] += im[j];
        re[j] = differenceRe * cos[k * step] + differenceIm * sin[k * step];
        im[j] = differenceIm * cos[k * step] - differenceRe * sin[k * step];
      }
    }
  }
}

/** Decimation in time with conjugate twiddles, in place: bit-reversed order in, natural order out, `size` times too large. */
function inverse(re: Float64Array, im: Float64Array, cos: Float64Array, sin: Float64Array): void {
  const size = re.length;
  for (let half = 1, step = size / 2; half < size; half *= 2, step /= 2) {
    for (let block = 0; block < size; block += 2 * half) {
      for (let k = 0, i = block, j = block + half; k < half; k++, i++, j++) {
        const oddRe = re[j] * cos[k * step] - im[j] * sin[k * step];
        const oddIm = im[j] * cos[k * step] + re[j] * sin[k * step];
        re[j] = re[i] - oddRe;
        im[j] = im[i] - oddIm;
        re[i] += oddRe;
        im[i] += oddIm;
      }
    }
  }
}

/**
 * X K from Z = X + i K: with W the conjugate of Z at the mirrored frequency, X K = (Z^2 - W^2) / 4i, and at the mirrored frequency
 * its conjugate. In bit-reversed order the frequencies with leading place 2^m mirror one another within 2^m..2^(m+1)-1.
 */
function multiplySpectra(re: Float64Array, im: Float64Array): void {
  for (let first = 0, last = 0; last < re.length; first = last + 1, last = 2 * first - 1) {
    for (let i = first, j = last; i <= j; i++, j--) {
      const squareRe = (re[i] - im[i]) * (re[i] + im[i]) - (re[j] - im[j]) * (re[j] + im[j]);
      const squareIm = 2 * (re[i] * im[i] + re[j] * im[j]);
      re[i] = re[j] = squareIm / 4;
      im[i] = -squareRe / 4;
      im[j] = squareRe / 4;
    }
  }
}
