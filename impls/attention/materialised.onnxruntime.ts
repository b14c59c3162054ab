/** Attention as ONNX Runtime ships it: the operator Attention of ONNX 23, which keeps the scores of all heads. */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import type { Problem } from "../operator.js";
import { onnxTimed, sessionThreads } from "../peers/onnxruntime.js";
import { attention, attentionScale } from "./operator.js";

function scoreBytes({ dims }: Pick<Problem, "dims">): number {
  const { batch, heads, length, context } = dims as Record<string, number>;
  return 4 * batch * heads * length * context;
}

export const materialisedOnnxruntime = implementation(attention, "onnxruntime", {
  form: "materialised",
  source: "arXiv 1706.03762, equation (1); ai.onnx:Attention, version 23",
  options: sessionThreads,
  // hidden weights are 0 and are multiplied all the same
  nonFinite: { tokens: "row" },
  rounding: ({ dims }) => f32Rounding(dims.context),
  // products of other shapes take other kernels
  bitwise: false,
  unsupported: (problem) => tooLarge("the scores of all heads (length x context)", scoreBytes(problem)),
  timed: onnxTimed,
  prepare(engine, problem, options) {
    const { batch, length, context, heads, groups, headDim, headDimV } = problem.dims;
    return engine.prepared(attention, problem, options, {
      views: {
        Q: [batch, length, heads * headDim],
        K: [batch, context, groups * headDim],
        V: [batch, context, groups * headDimV],
        Y: [batch, length, heads * headDimV],
      },
      scratchBytes: 2 * scoreBytes(problem) + 4 * batch * heads * length * (headDim + headDimV),
      build(graph, { Q, K, V }) {
        // is_causal counts from the first key while all keys come in one piece, and from the last one behind a cache (past_key). Here
        // no difference: causal problems have as many keys as queries
        const Y = graph.op("Attention", [Q, K, V], {
          attributes: {
            q_num_heads: heads,
            kv_num_heads: groups,
            is_causal: Number(problem.settings.causal),
          },
          floats: { scale: attentionScale(problem) },
        });
        return { Y };
      },
    });
  },
});
