/** The chunked form, SSD, in ONNX operators: matrix products within chunks, a Scan between them (section 6, listing 1). */
import { f32Rounding } from "../bound.js";
import { implementation, tooLarge } from "../implementation.js";
import { onnxGated, onnxTimed, sessionThreads } from "../peers/onnxruntime.js";
import { chunked, matrixBytes, planOf } from "./onnxruntime/chunks.js";
import { ssd } from "./operator.js";

/** Steps, their sums, decays and weights. */
const MATRICES_ALIVE = 3;

export const chunkedOnnxruntime = implementation(ssd, "onnxruntime", {
  form: "chunked",
  source: "arXiv 2405.21060, section 6 and listing 1, stable segment sums",
  options: (problem, engine) =>
    sessionThreads(problem, engine).flatMap((own) => [
      { ...own, chunk: 64 },
      { ...own, chunk: 128 },
    ]),
  // pairs above the diagonal, and what a reset or a border hides, are multiplied by 0
  nonFinite: { tokens: "chunk", borders: true },
  rounding: ({ dims }, { chunk = 64 }) => f32Rounding(Math.min(chunk, dims.length)),
  // products of other shapes take other kernels
  bitwise: false,
  unsupported: (problem, { chunk = 64 }) =>
    tooLarge("decay matrices (length x chunk)", matrixBytes(planOf(problem, chunk))),
  timed: onnxTimed,
  prepare(engine, problem, options) {
    const { batch, length, heads, headDim, state } = problem.dims;
    const plan = planOf(problem, options.chunk ?? 64);
    const padded = plan.chunk * plan.chunks;
    return engine.prepared(ssd, problem, options, {
      scratchBytes:
        MATRICES_ALIVE * matrixBytes(plan) +
        4 * batch * heads * headDim * (4 * padded + 3 * plan.chunks * state),
      build(graph, { X, logA, B, C, dt, D, z, initialState }) {
        // zeros change no state: their decay is 1
        const filled = (value: typeof X, rank: number) => {
          if (padded === length) return value;
          const after = Array.from({ length: rank }, (_, axis) => (axis === 1 ? padded - length : 0));
          return graph.op("Pad", [value, graph.ints([...after.map(() => 0), ...after])]);
        };
        const x = dt ? graph.op("Mul", [X, graph.reshape(dt, [batch, length, heads, 1])]) : X;
        const { Y, S } = chunked(graph, plan, {
          x: filled(x, 4),
          logA: filled(logA, 3),
          B: filled(B, 4),
          C: filled(C, 4),
          S0: initialState && graph.transpose(initialState, [0, 1, 3, 2]),
        });
        const whole =
          padded === length
            ? Y
            : graph.op("Slice", [Y, graph.ints([0]), graph.ints([length]), graph.ints([1])]);
        const finalState = graph.reshape(S, [batch, heads, state, headDim]);
        return {
          Y: onnxGated(graph, whole, X, D && graph.reshape(D, [heads, -1]), z),
          finalState: graph.transpose(finalState, [0, 1, 3, 2]),
        };
      },
    });
  },
});
