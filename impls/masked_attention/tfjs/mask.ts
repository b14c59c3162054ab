/** The mask of one head in tensor ops. */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { TensorOps } from "../../engines/tfjs.js";

/** Below it an exponential is 0 in float32; -Infinity times 0 would be NaN. */
const FORGETS = -1e4;

/** What depends on the length only, as (t, s). */
export interface Distances extends Record<string, Tensor> {
  /** t - s where s is not after t, else 0. */
  readonly distance: Tensor;
  /** 1 where s is not after t. */
  readonly causal: Tensor;
  /** 1 where s is before t. */
  readonly before: Tensor;
  /** Where in a row of m the element of (t, s) lies: t - s, or 0 above the diagonal. */
  readonly places: Tensor;
}

export function distances(tf: TensorOps, length: number): Distances {
  const table = (value: (t: number, s: number) => number) =>
    Float32Array.from({ length: length * length }, (_, i) => value(Math.floor(i / length), i % length));
  const square = [length, length] as [number, number];
  const distance = table((t, s) => Math.max(0, t - s));
  return {
    distance: tf.tensor2d(distance, square),
    causal: tf.tensor2d(
      table((t, s) => Number(s <= t)),
      square,
    ),
    before: tf.tensor2d(
      table((t, s) => Number(s < t)),
      square,
    ),
    places: tf.tensor1d(Int32Array.from(distance), "int32"),
  };
}

/** Of one head: its decay (), its diagonals (t) and the log decays of its tokens (t); undefined where a problem has none. */
export interface HeadMask {
  readonly logGamma: Tensor | undefined;
  readonly m: Tensor | undefined;
  readonly logA: Tensor | undefined;
}

/**
 * L as (t, s): the product of what the problem has. Log decays are sums over the segment itself (listing 1 of the paper), and the causal
 * mask multiplies finite numbers only (broadcasting `where` is 40 times slower on wasm).
 */
export function maskOf(
  tf: TensorOps,
  length: number,
  { distance, causal, before, places }: Distances,
  { logGamma, m, logA }: HeadMask,
): Tensor {
  const logs: Tensor[] = [];
  if (logGamma) logs.push(tf.mul(distance, tf.maximum(logGamma, FORGETS)));
  if (logA) {
    const steps = tf.mul(tf.reshape(tf.maximum(logA, FORGETS), [length, 1]), before);
    logs.push(tf.cumsum(steps, 0));
  }
  const decays = logs.map((log) => tf.mul(tf.exp(log), causal));
  const diagonals = m ? [tf.mul(tf.reshape(tf.gather(m, places as never), [length, length]), causal)] : [];
  return [...decays, ...diagonals].reduce((product, factor) => tf.mul(product, factor), causal);
}
