/** Many small matrix products at once, in the way that is fastest on a backend. */
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { TensorOps } from "./backends.js";

/** Multiply-adds of one product from which a separate 2-D matMul pays on wasm: its call costs 30 to 50 us. */
const WORTH_A_CALL = 32_768;

/** Fan-out of the recursive split: every slice on wasm copies its whole input first, so few large steps beat many small ones. */
const FAN_OUT = 4;

/** The slices of x along its first axis, that axis dropped. */
export function pieces(tf: TensorOps, device: string, x: Tensor): Tensor[] {
  if (device !== "wasm") return tf.unstack(x);
  const [count, ...shape] = x.shape;
  const split = (part: Tensor, length: number): Tensor[] => {
    if (length === 1) return [part];
    const step = Math.ceil(length / FAN_OUT);
    const parts: Tensor[] = [];
    for (let start = 0; start < length; start += step) {
      const size = Math.min(step, length - start);
      parts.push(...split(tf.slice(part, [start, 0], [size, -1]), size));
    }
    return parts;
  };
  return split(tf.reshape(x, [count, -1]), count).map((part) => tf.reshape(part, shape));
}

/**
 * a[i] b[i] for every i: (m, rows, inner) x (m, inner, columns). Batched matMul on wasm is a plain triple loop (1 to 2 GFLOP/s), its
 * 2-D matMul is XNNPACK (over 20), so there large products go one by one.
 */
export function products(tf: TensorOps, device: string, a: Tensor3D, b: Tensor3D): Tensor3D {
  const [count, rows, inner] = a.shape;
  const columns = b.shape[2];
  if (device !== "wasm" || count === 1 || rows * inner * columns < WORTH_A_CALL) return tf.matMul(a, b);
  const right = pieces(tf, device, b);
  const each = pieces(tf, device, a).map((left, i) => tf.matMul(left as Tensor2D, right[i] as Tensor2D));
  return tf.reshape(tf.concat(each, 0), [count, rows, columns]);
}
