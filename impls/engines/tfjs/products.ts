/** Many small matrix products at once, in the way that is fastest on a backend. */
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import type { TensorOps } from "./backends.js";

/** Multiply-adds of one product from which a separate 2-D matMul pays on wasm: its call costs 30 to 50 us. */
const WORTH_A_CALL = 32_768;

/**
 * The slices of x along its first axis, that axis dropped. Every slice on wasm copies its whole input through JavaScript and then
 * keeps a part (0.3 ms a MiB: most of a run's time); copying it once and writing each part takes two copies, however many parts.
 */
export function pieces(tf: TensorOps, device: string, x: Tensor): Tensor[] {
  if (device !== "wasm") return tf.unstack(x);
  const [count, ...shape] = x.shape;
  const size = x.size / count;
  const values = x.dataSync();
  return Array.from({ length: count }, (_, i) =>
    tf.tensor(values.subarray(i * size, (i + 1) * size), shape, x.dtype),
  );
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
