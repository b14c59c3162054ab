/** What follows the sequence map in every form in tensor ops: the skip D x and the gate silu(z). */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { TensorOps } from "../engines/tfjs.js";

/** (y + D x) silu(z), with the raw x, the gate last; D and z where there are any. D broadcasts against X. */
export function gated(
  tf: TensorOps,
  Y: Tensor,
  X: Tensor,
  D: Tensor | undefined,
  z: Tensor | undefined,
): Tensor {
  const skipped = D ? tf.add(Y, tf.mul(X, D)) : Y;
  return z ? tf.mul(skipped, tf.mul(z, tf.sigmoid(z))) : skipped;
}
