/** The recurrence as ONNX Runtime ships it: its operator LinearAttention, one token after the other. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { onnxTimed, sessionThreads } from "../peers/onnxruntime.js";
import { gatedDelta, hasChannelDecays, queryScale } from "./operator.js";

export const recurrentOnnxruntime = implementation(gatedDelta, "onnxruntime", {
  form: "recurrent",
  source: "arXiv 2412.06464, equation (10); com.microsoft:LinearAttention, update_rule gated_delta",
  options: sessionThreads,
  rounding: () => f32Rounding(0),
  timed: onnxTimed,
  prepare(engine, problem, options) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const perChannel = [batch, length, heads * headDim];
    const perGroup = [batch, length, groups * state];
    const decays = [batch, length, heads * (hasChannelDecays(problem) ? state : 1)];
    return engine.prepared(gatedDelta, problem, options, {
      views: { Q: perGroup, K: perGroup, V: perChannel, logA: decays },
      scratchBytes: 4 * batch * heads * headDim * (length + 2 * state),
      build(graph, { Q, K, V, logA, beta, initialState }) {
        const start = initialState && graph.transpose(initialState, [0, 1, 3, 2]);
        // fewer heads of keys and queries than of values: each serves a block of heads, as groups do
        const [Y, S] = graph.ops("LinearAttention", [Q, K, V, start, logA, beta], 2, {
          domain: "com.microsoft",
          attributes: { q_num_heads: groups, kv_num_heads: heads, update_rule: "gated_delta" },
          floats: { scale: queryScale(problem) },
        });
        return {
          Y: graph.reshape(Y, [batch, length, heads, headDim]),
          finalState: graph.transpose(S, [0, 1, 3, 2]),
        };
      },
    });
  },
});
