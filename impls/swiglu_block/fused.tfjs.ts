/** The block in tensor ops. */
import { columns, finished, projected, silu } from "../blocks/tfjs/stages.js";
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { swigluBlock } from "./operator.js";

export const fusedTfjs = implementation(swigluBlock, "tfjs", {
  form: "fused",
  source: "arXiv 2002.05202 (GLU variants improve Transformer), equation (6)",
  rounding: () => f32Rounding(0),
  prepare(engine, problem) {
    const { tf } = engine;
    const { batch, length, inner } = problem.dims;
    return engine.prepared(swigluBlock, problem, {
      scratchBytes: 4 * 5 * batch * length * inner,
      compute(inputs) {
        const rows = projected(tf, inputs, problem.settings.eps);
        const gate = silu(tf, columns(tf, rows, 0, inner));
        return { Y: finished(tf, inputs, tf.mul(gate, columns(tf, rows, inner, inner))) };
      },
    });
  },
});
