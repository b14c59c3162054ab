/** The step in front of the map in tensor ops. */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { TensorOps } from "../../engines/tfjs.js";
import type { Inputs, Problem } from "../../operator.js";
import { keptPast } from "../../recurrence/gated.js";
import type { Ssd } from "../operator.js";

/** Decays (b t h) and time steps (b t h), or none, as every form takes them. Where a document begins the decay is exactly 0. */
export function tokenSteps(
  tf: TensorOps,
  { dims, inputs, settings }: Problem<Ssd>,
  { logA, dt, dtBias, documents }: Pick<Inputs<Ssd, Tensor>, "logA" | "dt" | "dtBias" | "documents">,
): { readonly a: Tensor; readonly dt: Tensor | undefined } {
  const { batch, length } = dims;
  const { softplus, dtMin, dtMax } = settings;
  let step = dt;
  if (step && dtBias) step = tf.add(step, dtBias);
  if (step && softplus) step = tf.softplus(step);
  if (step && (dtMin > 0 || dtMax > 0))
    step = tf.minimum(tf.maximum(step, dtMin), dtMax || Number.POSITIVE_INFINITY);
  const a = tf.exp(inputs.logA?.axes.length === 1 && step ? tf.mul(step, logA) : logA);
  if (!documents) return { a, dt: step };
  return { a: tf.mul(a, tf.reshape(keptPast(tf, documents), [batch, length, 1])), dt: step };
}
