/**
 * The transform under the fft form: evaluates a polynomial of degree below n at the n roots of x^n = i. Products taken there are
 * products modulo x^n - i, in which a wrapped-around coefficient comes back times i. So the product of two real signals of length n
 * has its first n coefficients in the real part and the n that a zero-padded transform of length 2n makes room for in the imaginary
 * part: linear convolution by a complex transform of length n, with nothing to pad, pack or unpack.
 *
 * x^2h - w^2 = (x^h - w) (x^h + w) splits a block into two halves until each is one number. All numbers of a block share the
 * twiddle w, so the inner loops run over contiguous rows. Radix 4: two splits at a time.
 * Source: the "right-angle" convolution and the twisted splits of D. J. Bernstein, Multidigit multiplication for mathematicians (2001).
 */

/** Twiddles of block b among 2^level, at [2^level + b]: exp(i pi phi), phi = bits of b reversed behind the point + 2^-(level + 2). */
export interface Twiddles {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** @param n a power of two */
export function twiddles(n: number): Twiddles {
  const cos = new Float64Array(n);
  const sin = new Float64Array(n);
  for (let level = 1; level < n; level *= 2) {
    for (let b = 0; b < level; b++) {
      let phi = 1 / (4 * level);
      for (let bit = b, place = 0.5; bit > 0; bit >>= 1, place /= 2) if (bit & 1) phi += place;
      cos[level + b] = Math.cos(Math.PI * phi);
      sin[level + b] = Math.sin(Math.PI * phi);
    }
  }
  return { cos, sin };
}

/** Coefficients to values, in place; the values come in bit-reversed order, which a product does not mind. */
export function forward(re: Float32Array, im: Float32Array, { cos, sin }: Twiddles): void {
  const n = re.length;
  let half = n / 2;
  if (Math.log2(n) % 2 === 1) {
    splitInTwo(re, im, cos[1], sin[1]);
    half /= 2;
  }
  for (; half >= 2; half /= 4) {
    const blocks = n / (2 * half);
    for (let b = 0; b < blocks; b++) splitInFour(re, im, 2 * half * b, half / 2, cos, sin, blocks + b);
  }
}

/** Values to coefficients, in place and n times too large. */
export function inverse(re: Float32Array, im: Float32Array, { cos, sin }: Twiddles): void {
  const n = re.length;
  const odd = Math.log2(n) % 2 === 1;
  for (let half = 2; half <= (odd ? n / 4 : n / 2); half *= 4) {
    const blocks = n / (2 * half);
    for (let b = 0; b < blocks; b++) joinFour(re, im, 2 * half * b, half / 2, cos, sin, blocks + b);
  }
  if (odd) joinTwo(re, im, cos[1], sin[1]);
}

/** a + w b, a - w b */
function splitInTwo(re: Float32Array, im: Float32Array, c: number, s: number): void {
  const half = re.length / 2;
  for (let i = 0, j = half; i < half; i++, j++) {
    const oddRe = re[j] * c - im[j] * s;
    const oddIm = re[j] * s + im[j] * c;
    re[j] = re[i] - oddRe;
    im[j] = im[i] - oddIm;
    re[i] += oddRe;
    im[i] += oddIm;
  }
}

function joinTwo(re: Float32Array, im: Float32Array, c: number, s: number): void {
  const half = re.length / 2;
  for (let i = 0, j = half; i < half; i++, j++) {
    const differenceRe = re[i] - re[j];
    const differenceIm = im[i] - im[j];
    re[i] += re[j];
    im[i] += im[j];
    re[j] = differenceRe * c + differenceIm * s;
    im[j] = differenceIm * c - differenceRe * s;
  }
}

/** Two splits of the block at `start`: by its twiddle w = v^2, then its halves by v and i v. Four rows of `quarter` numbers. */
function splitInFour(
  re: Float32Array,
  im: Float32Array,
  start: number,
  quarter: number,
  cos: Float64Array,
  sin: Float64Array,
  block: number,
): void {
  const c1 = cos[2 * block];
  const s1 = sin[2 * block];
  const c2 = cos[block];
  const s2 = sin[block];
  const c3 = c1 * c2 - s1 * s2;
  const s3 = c1 * s2 + s1 * c2;
  for (let i = start, end = start + quarter; i < end; i++) {
    const j = i + quarter;
    const k = j + quarter;
    const l = k + quarter;
    const bRe = re[j] * c1 - im[j] * s1;
    const bIm = re[j] * s1 + im[j] * c1;
    const cRe = re[k] * c2 - im[k] * s2;
    const cIm = re[k] * s2 + im[k] * c2;
    const dRe = re[l] * c3 - im[l] * s3;
    const dIm = re[l] * s3 + im[l] * c3;
    const plusRe = re[i] + cRe;
    const plusIm = im[i] + cIm;
    const minusRe = re[i] - cRe;
    const minusIm = im[i] - cIm;
    re[i] = plusRe + (bRe + dRe);
    im[i] = plusIm + (bIm + dIm);
    re[j] = plusRe - (bRe + dRe);
    im[j] = plusIm - (bIm + dIm);
    re[k] = minusRe - (bIm - dIm);
    im[k] = minusIm + (bRe - dRe);
    re[l] = minusRe + (bIm - dIm);
    im[l] = minusIm - (bRe - dRe);
  }
}

/** Undoes `splitInFour`, four times too large. */
function joinFour(
  re: Float32Array,
  im: Float32Array,
  start: number,
  quarter: number,
  cos: Float64Array,
  sin: Float64Array,
  block: number,
): void {
  const c1 = cos[2 * block];
  const s1 = sin[2 * block];
  const c2 = cos[block];
  const s2 = sin[block];
  const c3 = c1 * c2 - s1 * s2;
  const s3 = c1 * s2 + s1 * c2;
  for (let i = start, end = start + quarter; i < end; i++) {
    const j = i + quarter;
    const k = j + quarter;
    const l = k + quarter;
    const plusRe = re[i] + re[j];
    const plusIm = im[i] + im[j];
    const minusRe = re[k] + re[l];
    const minusIm = im[k] + im[l];
    // v (b + w d), and v (b - w d) after a division by i
    const sumRe = re[i] - re[j];
    const sumIm = im[i] - im[j];
    const differenceRe = im[k] - im[l];
    const differenceIm = re[l] - re[k];
    const bRe = sumRe + differenceRe;
    const bIm = sumIm + differenceIm;
    const dRe = sumRe - differenceRe;
    const dIm = sumIm - differenceIm;
    re[i] = plusRe + minusRe;
    im[i] = plusIm + minusIm;
    re[j] = bRe * c1 + bIm * s1;
    im[j] = bIm * c1 - bRe * s1;
    const cRe = plusRe - minusRe;
    const cIm = plusIm - minusIm;
    re[k] = cRe * c2 + cIm * s2;
    im[k] = cIm * c2 - cRe * s2;
    re[l] = dRe * c3 + dIm * s3;
    im[l] = dIm * c3 - dRe * s3;
  }
}
