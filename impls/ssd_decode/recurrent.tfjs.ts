/** One step in tensor ops: every head at once, the channels of a group along one axis. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { gated } from "../recurrence/gated.js";
import { forwardProblem } from "../recurrence/one-token.js";
import { STEPS, ssd } from "../ssd/operator.js";
import { tokenSteps } from "../ssd/tfjs/steps.js";
import { elementCount } from "../tensor.js";
import { ssdDecode } from "./operator.js";

export const recurrentTfjs = implementation(ssdDecode, "tfjs", {
  form: "recurrent",
  takes: STEPS,
  source: "arXiv 2405.21060, equation (1), in tensor ops",
  // what a reset hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: () => f32Rounding(0),
  prepare(engine, problem) {
    const { tf } = engine;
    const { batch, heads, groups, headDim, state } = problem.dims;
    const channels = (heads / groups) * headDim;
    const columns = [batch, groups, channels, 1];
    const rows = [batch, groups, 1, state];
    const forward = forwardProblem(ssd, problem);
    const perHead = problem.inputs.D?.axes.length === 1;

    return engine.prepared(ssdDecode, problem, {
      // what is kept, what is added, and products with C
      scratchBytes: 3 * 4 * elementCount([batch, heads, headDim, state]),
      compute({ X, logA, B, C, dt: raw, D, z, initialState, dtBias }) {
        const { a, dt } = tokenSteps(tf, forward, { logA, dt: raw, dtBias, documents: undefined });
        const ofHead = (tensor: Tensor) => tf.reshape(tensor, [batch, heads, 1]);
        const decays = tf.reshape(tf.tile(ofHead(a), [1, 1, headDim]), columns);
        const x = tf.reshape(dt ? tf.mul(X, ofHead(dt)) : X, columns);
        const kept = tf.mul(decays, tf.reshape(initialState, [batch, groups, channels, state]));
        const S = tf.add(kept, tf.mul(x, tf.reshape(B, rows)));
        const Y = tf.reshape(tf.sum(tf.mul(S, tf.reshape(C, rows)), 3), X.shape);
        const skip = D && perHead ? tf.reshape(D, [heads, 1]) : D;
        return { Y: gated(tf, Y, X, skip, z), finalState: tf.reshape(S, initialState.shape) };
      },
    });
  },
});
