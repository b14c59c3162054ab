/**
 * States of the recurrence S_t = a_t S_(t-1) + b_t by an associative scan over the pairs (a, b): log2 T levels of tensor ops instead
 * of T steps. Work-efficient (twice the elements of b in all): neighbours are combined, the half-length scan of the combinations
 * gives the odd places, one step more the even ones.
 *
 * Source: G. E. Blelloch, "Prefix sums and their applications", 1990, section 1.4 (recurrences as scans); the recursion over odd
 * and even places is that of R. E. Ladner and M. J. Fischer, JACM 27(4), 1980. Mamba-1 (arXiv 2312.00752), section 3.3.2.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Differentiable } from "../engines/tfjs.js";

/** Tensors of the size of b that are alive at once, at most. */
export const SCAN_COPIES = 6;

/** Roundings between an element and a prefix that holds it: a product and a sum a level, up and down. */
export function scanRoundings(length: number): number {
  return 4 * Math.ceil(Math.log2(length + 1));
}

/**
 * @param a (T, k, 1 or w) decays in [0, 1] @param b (T, k, w)
 * @param initial (1, k, w), the state before the first step
 * @returns (T, k, w), all states; a product of decays underflows to 0, never to NaN
 */
export function associativeScan(engine: Differentiable, a: Tensor, b: Tensor, initial: Tensor): Tensor {
  const { tf } = engine;
  const [length, k, width] = b.shape;
  if (length === 1) return tf.add(tf.mul(a, initial), b);
  const odd = length % 2 === 1;
  const half = Math.ceil(length / 2);

  return tf.tidy(() => {
    const [aEven, aOdd] = halves(engine, odd ? tf.pad(a, [[0, 1], ...none], 1) : a);
    const [bEven, bOdd] = halves(engine, odd ? tf.pad(b, [[0, 1], ...none]) : b);
    // 1. neighbours: (a', b') after (a, b) is (a' a, a' b + b')
    const [aPair, bPair] = tf.tidy(() => [tf.mul(aOdd, aEven), tf.add(tf.mul(aOdd, bEven), bOdd)]);
    bOdd.dispose();
    // 2. states at odd places
    const atOdd = associativeScan(engine, aPair, bPair, initial);
    bPair.dispose();
    // 3. states at even places: one step from the odd place before
    const before =
      half > 1 ? tf.concat([initial, tf.slice(atOdd, [0, 0, 0], [half - 1, k, width])]) : initial;
    const atEven = tf.add(tf.mul(aEven, before), bEven);
    const all = tf.transpose(tf.stack([atEven, atOdd]), [1, 0, 2, 3]);
    const states = tf.reshape(all, [2 * half, k, width]);
    return odd ? tf.slice(states, [0, 0, 0], [length, k, width]) : states;
  });
}

const none: [number, number][] = [
  [0, 0],
  [0, 0],
];

/** Even and odd places, by a transpose: strided slices are slow on every CPU backend. */
function halves({ tf, pieces }: Differentiable, x: Tensor): Tensor[] {
  const [length, k, width] = x.shape;
  return tf.tidy(() =>
    pieces(tf.transpose(tf.reshape(x, [length / 2, 2, k * width]), [1, 0, 2])).map((part) =>
      tf.reshape(part, [length / 2, k, width]),
    ),
  );
}

/** Bytes of one tensor of states that a block of channels should not exceed. */
const BLOCK_BYTES = 2 ** 26;

/** The largest divisor of `channels` whose states over the whole length fit a block; at least 1. */
export function channelsTogether(channels: number, length: number, state: number): number {
  let together = Math.min(channels, Math.max(1, Math.floor(BLOCK_BYTES / (4 * length * state))));
  while (channels % together !== 0) together--;
  return together;
}
