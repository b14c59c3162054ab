/** Convolution of long float64 signals by one textbook radix-2 FFT, for the reference only; fft.cpu.ts does not share it. */

/** sum_{j <= t} kernel_j signal_(t-j) for every t; both of the same length. */
export function convolveByFft(signal: Float64Array, kernel: Float64Array): Float64Array {
  const { length } = signal;
  const size = 2 ** Math.ceil(Math.log2(2 * length));
  const twiddles = twiddlesOf(size);
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  // Signal and kernel share one transform as real and imaginary part, brought to the same size first: neither drowns the other
  const [signalUnit, kernelUnit] = [unitOf(signal), unitOf(kernel)];
  for (let t = 0; t < length; t++) {
    re[t] = signal[t] / signalUnit;
    im[t] = kernel[t] / kernelUnit;
  }
  transform(re, im, twiddles);

  // With Z = X + i K and W the conjugate of Z at the mirrored frequency: X K = (Z^2 - W^2) / 4i
  const productRe = new Float64Array(size);
  const productIm = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    const mirrored = (size - k) & (size - 1);
    const squareRe =
      (re[k] - im[k]) * (re[k] + im[k]) - (re[mirrored] - im[mirrored]) * (re[mirrored] + im[mirrored]);
    const squareIm = 2 * (re[k] * im[k] + re[mirrored] * im[mirrored]);
    // conjugated, so that a second forward transform is the inverse
    productRe[k] = squareIm / 4;
    productIm[k] = squareRe / 4;
  }
  transform(productRe, productIm, twiddles);
  const unit = (signalUnit * kernelUnit) / size;
  return productRe.subarray(0, length).map((value) => value * unit);
}

/** A power of two near the largest magnitude, so that scaling by it is exact. */
function unitOf(values: Float64Array): number {
  const max = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return max > 0 && Number.isFinite(max) ? 2 ** Math.floor(Math.log2(max)) : 1;
}

interface Twiddles {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** exp(-2 pi i k / size), k < size / 2. */
function twiddlesOf(size: number): Twiddles {
  const re = new Float64Array(size / 2);
  const im = new Float64Array(size / 2);
  for (let k = 0; k < size / 2; k++) {
    re[k] = Math.cos((2 * Math.PI * k) / size);
    im[k] = -Math.sin((2 * Math.PI * k) / size);
  }
  return { re, im };
}

/** In place, decimation in time: bit reversal, then butterflies over growing blocks. */
function transform(re: Float64Array, im: Float64Array, twiddles: Twiddles): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let half = 1; half < size; half *= 2) {
    const step = size / (2 * half);
    for (let block = 0; block < size; block += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [i, j] = [block + k, block + k + half];
        const [c, s] = [twiddles.re[k * step], twiddles.im[k * step]];
        const oddRe = re[j] * c - im[j] * s;
        const oddIm = re[j] * s + im[j] * c;
        re[j] = re[i] - oddRe;
        im[j] = im[i] - oddIm;
        re[i] += oddRe;
        im[i] += oddIm;
      }
    }
  }
}
