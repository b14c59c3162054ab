/**
 * The discrete Fourier transform as tensor ops: small Fourier matrices by matMul, twiddle factors between them. Complex numbers are
 * two real tensors (wasm has no complex kernels). Frequencies come out in digit-reversed order, which a product of spectra does not
 * mind, so that no reordering is ever done.
 *
 * Source: Cooley and Tukey 1965 with radix 16; as matrix products: Fu et al., "FlashFFTConv" (arXiv 2311.05908), section 3.1.
 */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import type { TensorOps } from "../../engines/tfjs.js";

/** An alias, not an interface: tidy asks for an index signature. */
export type Complex = {
  readonly re: Tensor;
  readonly im: Tensor;
};

const LARGEST_RADIX_BITS = 4;

/** Radices whose product is 2^bits, nearly equal, none above 16. */
export function radices(bits: number): number[] {
  const stages = Math.ceil(bits / LARGEST_RADIX_BITS);
  return Array.from({ length: stages }, (_, i) => 2 ** Math.floor((bits + i) / stages));
}

/** One step of the transform of `size` points: Fourier matrices of `radix` points, then twiddles for the `rest` points left. */
interface Stage {
  readonly radix: number;
  readonly rest: number;
  /** (radix, radix), e^(-2 pi i j k / radix). */
  readonly matrix: Complex;
  /** (rest, radix), e^(-2 pi i j k / size). */
  readonly twiddle: Complex;
}

export type FftConstants = Record<string, Tensor>;

/** Constants for every stage, from float64 angles. The matrices of the inverse carry 1 / radix, which is exact. */
export function fftConstants(tf: TensorOps, bits: number): FftConstants {
  const constants: FftConstants = {};
  const table = (name: string, rows: number, columns: number, period: number, factor = 1) => {
    const angle = (i: number) =>
      (-2 * Math.PI * ((Math.floor(i / columns) * (i % columns)) % period)) / period;
    const values = (f: (x: number) => number) =>
      tf.tensor2d(
        Float32Array.from({ length: rows * columns }, (_, i) => factor * f(angle(i))),
        [rows, columns],
      );
    constants[`${name}.re`] = values(Math.cos);
    constants[`${name}.im`] = values(Math.sin);
  };
  let size = 2 ** bits;
  radices(bits).forEach((radix, i) => {
    const rest = size / radix;
    table(`matrix${i}`, radix, radix, radix);
    table(`inverse${i}`, radix, radix, radix, 1 / radix);
    table(`twiddle${i}`, rest, radix, size);
    size = rest;
  });
  const [first] = radices(bits);
  // real input whose second half is padding, and real output whose second half nobody reads: half a matrix each
  for (const part of ["re", "im"]) {
    constants[`first.${part}`] = tf.slice(constants[`matrix0.${part}`], [0, 0], [first / 2, first]);
    constants[`last.${part}`] = tf.slice(constants[`inverse0.${part}`], [0, 0], [first, first / 2]);
  }
  return constants;
}

function stagesOf(constants: FftConstants, bits: number, matrix: "matrix" | "inverse"): Stage[] {
  const pair = (name: string) => ({ re: constants[`${name}.re`], im: constants[`${name}.im`] });
  let size = 2 ** bits;
  return radices(bits).map((radix, i) => {
    size /= radix;
    return { radix, rest: size, matrix: pair(`${matrix}${i}`), twiddle: pair(`twiddle${i}`) };
  });
}

/** @param x (rows, 2^(bits-1)) real, taken as zero beyond @returns (rows, 2^bits) in digit-reversed order */
export function forward(tf: TensorOps, constants: FftConstants, bits: number, x: Tensor): Complex {
  const rows = x.shape[0];
  const stages = stagesOf(constants, bits, "matrix");
  let z: Complex | undefined;
  for (const { radix, rest, matrix, twiddle } of stages) {
    const next: Complex = tf.tidy(() => {
      const columns = (tensor: Tensor, height: number) =>
        tf.reshape(tf.transpose(tf.reshape(tensor, [-1, height, rest]), [0, 2, 1]), [-1, height]) as Tensor2D;
      const spectrum = z
        ? multiply(tf, columns(z.re, radix), columns(z.im, radix), matrix)
        : realTimes(tf, columns(x, radix / 2), constants["first.re"], constants["first.im"]);
      const twisted = rest === 1 ? spectrum : twist(tf, spectrum, twiddle, rest, radix, 1);
      return mapParts(twisted, (part) =>
        tf.reshape(tf.transpose(tf.reshape(part, [-1, rest, radix]), [0, 2, 1]), [rows, -1]),
      );
    });
    if (z) dispose(z);
    z = next;
  }
  return z!;
}

/** @param z (rows, 2^bits) in digit-reversed order @returns (rows, 2^(bits-1)), the first half of the real part */
export function inverse(tf: TensorOps, constants: FftConstants, bits: number, z: Complex): Tensor {
  const rows = z.re.shape[0];
  const stages = stagesOf(constants, bits, "inverse").reverse();
  let current = z;
  for (const { radix, rest, matrix, twiddle } of stages.slice(0, -1)) {
    const next: Complex = tf.tidy(() => {
      const columns = mapParts(current, (part) =>
        tf.reshape(tf.transpose(tf.reshape(part, [-1, radix, rest]), [0, 2, 1]), [-1, radix]),
      );
      const { re, im } = rest === 1 ? columns : twist(tf, columns, twiddle, rest, radix, -1);
      const samples = multiplyConjugate(tf, re as Tensor2D, im as Tensor2D, matrix);
      return mapParts(samples, (part) =>
        tf.reshape(tf.transpose(tf.reshape(part, [-1, rest, radix]), [0, 2, 1]), [rows, -1]),
      );
    });
    if (current !== z) dispose(current);
    current = next;
  }
  const { radix, rest, twiddle } = stages[stages.length - 1];
  return tf.tidy(() => {
    const columns = mapParts(current, (part) =>
      tf.reshape(tf.transpose(tf.reshape(part, [-1, radix, rest]), [0, 2, 1]), [-1, radix]),
    );
    const { re, im } = rest === 1 ? columns : twist(tf, columns, twiddle, rest, radix, -1);
    const [c, s] = [constants["last.re"] as Tensor2D, constants["last.im"] as Tensor2D];
    // real part of (re + i im) (c - i s)
    const samples = tf.add(tf.matMul(re as Tensor2D, c), tf.matMul(im as Tensor2D, s));
    return tf.reshape(tf.transpose(tf.reshape(samples, [-1, rest, radix / 2]), [0, 2, 1]), [rows, -1]);
  });
}

/** Elementwise product of spectra; shapes broadcast. */
export function spectrumProduct(tf: TensorOps, a: Complex, b: Complex): Complex {
  return {
    re: tf.sub(tf.mul(a.re, b.re), tf.mul(a.im, b.im)),
    im: tf.add(tf.mul(a.re, b.im), tf.mul(a.im, b.re)),
  };
}

export function mapParts({ re, im }: Complex, f: (part: Tensor) => Tensor): Complex {
  return { re: f(re), im: f(im) };
}

function dispose({ re, im }: Complex): void {
  re.dispose();
  im.dispose();
}

/** (.. rest radix) times the twiddle factors, or their conjugates for sign -1. */
function twist(
  tf: TensorOps,
  z: Complex,
  twiddle: Complex,
  rest: number,
  radix: number,
  sign: 1 | -1,
): Complex {
  const { re, im } = mapParts(z, (part) => tf.reshape(part, [-1, rest, radix]));
  const [a, b] = [tf.mul(re, twiddle.re), tf.mul(im, twiddle.im)];
  const [c, d] = [tf.mul(re, twiddle.im), tf.mul(im, twiddle.re)];
  return sign === 1 ? { re: tf.sub(a, b), im: tf.add(c, d) } : { re: tf.add(a, b), im: tf.sub(d, c) };
}

function realTimes(tf: TensorOps, x: Tensor2D, re: Tensor, im: Tensor): Complex {
  return { re: tf.matMul(x, re as Tensor2D), im: tf.matMul(x, im as Tensor2D) };
}

function multiply(tf: TensorOps, re: Tensor2D, im: Tensor2D, by: Complex): Complex {
  const [c, s] = [by.re as Tensor2D, by.im as Tensor2D];
  return {
    re: tf.sub(tf.matMul(re, c), tf.matMul(im, s)),
    im: tf.add(tf.matMul(re, s), tf.matMul(im, c)),
  };
}

function multiplyConjugate(tf: TensorOps, re: Tensor2D, im: Tensor2D, by: Complex): Complex {
  const [c, s] = [by.re as Tensor2D, by.im as Tensor2D];
  return {
    re: tf.add(tf.matMul(re, c), tf.matMul(im, s)),
    im: tf.sub(tf.matMul(im, c), tf.matMul(re, s)),
  };
}
