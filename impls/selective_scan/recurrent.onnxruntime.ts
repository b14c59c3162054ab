/** The recurrence as a Scan of ONNX operators, one step a token: what a fused scan is held against. */

import { f32Rounding } from "../bound.js";
import type { Graph, Value } from "../engines/onnxruntime.js";
import { implementation } from "../implementation.js";
import { onnxGated, onnxTimed, sessionThreads } from "../peers/onnxruntime.js";
import { selectiveScan } from "./operator.js";

export const recurrentOnnxruntime = implementation(selectiveScan, "onnxruntime", {
  form: "recurrent",
  source: "arXiv 2312.00752, equation (2); ai.onnx:Scan, seven operators a token",
  options: sessionThreads,
  rounding: () => f32Rounding(0),
  timed: onnxTimed,
  prepare(engine, problem, options) {
    const { batch, length, heads, groups, headDim, state } = problem.dims;
    const perGroup = (heads / groups) * headDim;
    /** Channels as (b g d 1), d those of a group, so that what a group shares broadcasts. */
    const channels = [batch, groups, perGroup, 1];
    const states = [batch, groups, perGroup, state];
    const constant = { B: problem.inputs.B!.axes[0] !== "batch", C: problem.inputs.C!.axes[0] !== "batch" };

    return engine.prepared(selectiveScan, problem, options, {
      scratchBytes: 4 * batch * (heads * headDim * (6 * length + 6 * state) + 2 * length * groups * state),
      build(graph, { u, delta, A, B, C, D, z, deltaBias, initialState }) {
        const biased = deltaBias ? graph.op("Add", [delta, deltaBias]) : delta;
        const steps = problem.settings.softplus ? graph.op("Softplus", [biased]) : biased;
        /** (b t ...) -> (t b ...): a token at a time. */
        const byToken = (value: Value, inner: readonly number[]) =>
          graph.transpose(graph.reshape(value, [batch, length, ...inner]), [
            1,
            0,
            ...inner.map((_, i) => 2 + i),
          ]);
        const shared = (value: Value, isConstant: boolean) =>
          isConstant ? graph.reshape(value, [1, ...states.slice(1)]) : byToken(value, [groups, 1, state]);
        const token = {
          delta: byToken(steps, channels.slice(1)),
          x: byToken(graph.op("Mul", [steps, u]), channels.slice(1)),
          B: shared(B, constant.B),
          C: shared(C, constant.C),
        };
        const start = initialState ? graph.reshape(initialState, states) : graph.zeros(states);
        const walked = walk(
          graph,
          { start, A: graph.reshape(A, [1, ...states.slice(1)]), constant, states },
          token,
        );
        const Y = graph.reshape(graph.transpose(walked.Y, [1, 0, 2, 3]), [batch, length, heads, headDim]);
        return {
          Y: onnxGated(graph, Y, u, D, z),
          finalState: graph.reshape(walked.S, [batch, heads, headDim, state]),
        };
      },
    });
  },
});

interface Walk {
  readonly start: Value;
  readonly A: Value;
  readonly constant: { readonly B: boolean; readonly C: boolean };
  /** (b g d n) */
  readonly states: readonly number[];
}

/** @param token what changes with it has a leading axis of tokens */
function walk(
  graph: Graph,
  { start, A, constant, states }: Walk,
  token: { readonly delta: Value; readonly x: Value; readonly B: Value; readonly C: Value },
): { S: Value; Y: Value } {
  const [batch, groups, perGroup, state] = states;
  const body = graph.body();
  const S = body.input(states);
  const delta = body.input([batch, groups, perGroup, 1]);
  const x = body.input([batch, groups, perGroup, 1]);
  const B = constant.B ? token.B : body.input([batch, groups, 1, state]);
  const C = constant.C ? token.C : body.input([batch, groups, 1, state]);
  // 1. discretise: a = exp(delta A), b = delta u B
  const a = body.op("Exp", [body.op("Mul", [delta, A])]);
  const next = body.op("Add", [body.op("Mul", [a, S]), body.op("Mul", [x, B])]);
  // 2. read out
  const read = body.op("ReduceSum", [body.op("Mul", [next, C]), body.ints([-1])], {
    attributes: { keepdims: 0 },
  });
  body.output(next, states);
  body.output(read, [batch, groups, perGroup]);
  const scanned = [token.delta, token.x, ...(constant.B ? [] : [token.B]), ...(constant.C ? [] : [token.C])];
  const [last, Y] = graph.ops("Scan", [start, ...scanned], 2, {
    attributes: { body, num_scan_inputs: scanned.length },
  });
  return { S: last, Y };
}
