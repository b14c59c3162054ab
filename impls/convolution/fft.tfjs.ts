/** The FFT form: two transforms, a product of spectra, one transform back, of twice the length so that nothing wraps around. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { convolution } from "./operator.js";
import { fftConstants, forward, inverse, mapParts, spectrumProduct } from "./tfjs/fft-tensors.js";

/** Bytes of one real tensor that a block of channels should not exceed. */
const BLOCK_BYTES = 2 ** 25;
/** Real tensors of a block that are alive at once, at most: input, kernel and product spectra and the parts of one product. */
const ALIVE = 14;

/** Points of the transform: twice the length, rounded up to a power of two. */
function transformBits({ dims }: Pick<Problem, "dims">): number {
  return 1 + Math.ceil(Math.log2(dims.length));
}

function rowBytes(problem: Pick<Problem, "dims">): number {
  return 4 * problem.dims.batch * 2 ** transformBits(problem);
}

/** Channels that are transformed together. */
function together(problem: Pick<Problem, "dims">): number {
  const channels = problem.dims.heads * problem.dims.headDim;
  let count = Math.min(channels, Math.max(1, Math.floor(BLOCK_BYTES / rowBytes(problem))));
  while (channels % count !== 0) count--;
  return count;
}

export const fftTfjs = implementation(convolution, "tfjs", {
  form: "fft",
  source: "Cooley-Tukey with radix 16 by matrix products (fft-tensors.ts); the kernel's transform is timed",
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  rounding: () => f32Rounding(0),
  unsupported: (problem) => tooLarge("the spectrum of one channel (batch x 2 length)", rowBytes(problem)),
  prepare(engine, problem) {
    const { tf, pieces } = engine;
    const { batch, length, heads, headDim } = problem.dims;
    const bits = transformBits(problem);
    const points = 2 ** bits;
    const channels = heads * headDim;
    const count = together(problem);

    return engine.prepared(convolution, problem, {
      scratchBytes: ALIVE * count * rowBytes(problem) + 12 * batch * channels * length,
      constants: () => fftConstants(tf, bits),
      compute({ u, K }, constants) {
        const padded = (x: Tensor) =>
          length === points / 2
            ? x
            : tf.pad(x, [
                [0, 0],
                [0, points / 2 - length],
              ]);
        const byChannel = tf.transpose(tf.reshape(u, [batch, length, channels]), [2, 0, 1]);
        const inputs = pieces(tf.reshape(byChannel, [channels / count, count * batch, length]));
        const kernels = pieces(tf.reshape(K, [channels / count, count, length]));
        const blocks = inputs.map((input, i) =>
          tf.tidy(() => {
            const U = forward(tf, constants, bits, padded(input));
            const H = forward(tf, constants, bits, padded(kernels[i]));
            const product = tf.tidy(() =>
              spectrumProduct(
                tf,
                mapParts(U, (part) => tf.reshape(part, [count, batch, points])),
                mapParts(H, (part) => tf.reshape(part, [count, 1, points])),
              ),
            );
            for (const part of [U.re, U.im, H.re, H.im]) part.dispose();
            const Y = inverse(
              tf,
              constants,
              bits,
              mapParts(product, (part) => tf.reshape(part, [count * batch, points])),
            );
            return length === points / 2 ? Y : tf.slice(Y, [0, 0], [count * batch, length]);
          }),
        );
        const Y = tf.reshape(tf.concat(blocks), [channels, batch, length]);
        return { Y: tf.reshape(tf.transpose(Y, [1, 2, 0]), [batch, length, heads, headDim]) };
      },
    });
  },
});
