/** What stands around the sequence map in every form in tensor ops: where documents begin, the skip D x and the gate silu(z). */
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

/** A factor for the past of each token, (b t): 0 where nothing from before reaches it. The id before the first is 0. */
export function keptPast(tf: TensorOps, documents: Tensor): Tensor {
  const [batch, length] = documents.shape;
  const before = tf.concat([tf.zeros([batch, 1]), tf.slice(documents, [0, 0], [batch, length - 1])], 1);
  return tf.cast(tf.equal(documents, before), "float32");
}
