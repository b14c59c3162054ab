/** One step in tensor ops: every channel at once, those of a group along one axis. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { gated } from "../recurrence/gated.js";
import { elementCount } from "../tensor.js";
import { selectiveScanDecode } from "./operator.js";

export const recurrentTfjs = implementation(selectiveScanDecode, "tfjs", {
  form: "recurrent",
  source: "arXiv 2312.00752, equation (2), in tensor ops",
  rounding: () => f32Rounding(0),
  prepare(engine, problem) {
    const { tf } = engine;
    const { batch, heads, groups, headDim, state } = problem.dims;
    const channels = (heads / groups) * headDim;

    return engine.prepared(selectiveScanDecode, problem, {
      // exponents, decays, what is kept, what is added, and products with C
      scratchBytes: 5 * 4 * elementCount([batch, heads, headDim, state]),
      compute({ u, delta, A, B, C, D, z, deltaBias, initialState }) {
        const biased = deltaBias ? tf.add(delta, deltaBias) : delta;
        const step = problem.settings.softplus ? tf.softplus(biased) : biased;
        const column = (tensor: Tensor) => tf.reshape(tensor, [batch, groups, channels, 1]);
        const ofChannel = (tensor: Tensor) => tf.reshape(tensor, [1, groups, channels, state]);
        const ofGroup = (tensor: Tensor, name: "B" | "C") =>
          problem.inputs[name]?.axes[0] === "batch"
            ? tf.reshape(tensor, [batch, groups, 1, state])
            : ofChannel(tensor);
        const decays = tf.exp(tf.mul(column(step), ofChannel(A)));
        const kept = tf.mul(decays, tf.reshape(initialState, [batch, groups, channels, state]));
        const S = tf.add(kept, tf.mul(column(tf.mul(step, u)), ofGroup(B, "B")));
        const Y = tf.reshape(tf.sum(tf.mul(S, ofGroup(C, "C")), 3), u.shape);
        return { Y: gated(tf, Y, u, D, z), finalState: tf.reshape(S, initialState.shape) };
      },
    });
  },
});
