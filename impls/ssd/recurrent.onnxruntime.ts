/** The recurrence as ONNX Runtime ships it: its operator LinearAttention, one token after the other. */
import { f32Rounding } from "../bound.js";
import { implementation } from "../implementation.js";
import { onnxGated, onnxTimed, sessionThreads } from "../peers/onnxruntime.js";
import { ssd } from "./operator.js";

export const recurrentOnnxruntime = implementation(ssd, "onnxruntime", {
  form: "recurrent",
  source: "arXiv 2405.21060, equation (1); com.microsoft:LinearAttention, update_rule gated",
  options: sessionThreads,
  rounding: () => f32Rounding(0),
  timed: onnxTimed,
  prepare(engine, problem, options) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const perChannel = [batch, length, heads, headDim];
    const flat = [batch, length, heads * headDim];
    const perGroup = [batch, length, groups * state];
    return engine.prepared(ssd, problem, options, {
      views: { B: perGroup, C: perGroup },
      scratchBytes: 4 * batch * heads * headDim * (4 * length + 2 * state),
      build(graph, { X, logA, B, C, dt, D, z, initialState }) {
        const x = dt ? graph.op("Mul", [X, graph.reshape(dt, [batch, length, heads, 1])]) : X;
        const start = initialState && graph.transpose(initialState, [0, 1, 3, 2]);
        // fewer heads of keys and queries than of values: each serves a block of heads, as groups do
        const [Y, S] = graph.ops("LinearAttention", [C, B, graph.reshape(x, flat), start, logA], 2, {
          domain: "com.microsoft",
          attributes: { q_num_heads: groups, kv_num_heads: heads, update_rule: "gated" },
          // without it outputs are divided by the root of `state`
          floats: { scale: 1 },
        });
        const skip = D && graph.reshape(D, [heads, -1]);
        return {
          Y: onnxGated(graph, graph.reshape(Y, perChannel), X, skip, z),
          finalState: graph.transpose(S, [0, 1, 3, 2]),
        };
      },
    });
  },
});
