/** The FFT form by ONNX's DFT, of twice the length so that nothing wraps around. */
import { f32Rounding } from "../bound.js";
import type { Graph, Value } from "../engines/onnxruntime.js";
import { implementation } from "../implementation.js";
import { onnxTimed, sessionThreads } from "../peers/onnxruntime.js";
import { convolution } from "./operator.js";

export const fftOnnxruntime = implementation(convolution, "onnxruntime", {
  form: "fft",
  source: "ai.onnx:DFT; the kernel's transform is timed",
  options: sessionThreads,
  // a transform mixes all tokens of a lane
  nonFinite: { tokens: "row" },
  rounding: () => f32Rounding(0),
  timed: onnxTimed,
  prepare(engine, problem, options) {
    const { batch, length, heads, headDim } = problem.dims;
    const channels = heads * headDim;
    const points = 2 ** (1 + Math.ceil(Math.log2(length)));
    return engine.prepared(convolution, problem, options, {
      // spectra of the input, of the kernel and of their product, with the parts that a product is made of
      scratchBytes: 4 * channels * points * (2 * (2 * batch + 1) + 8 * batch + 2),
      build(graph, { u, K }) {
        const byChannel = graph.transpose(graph.reshape(u, [batch, length, channels]), [0, 2, 1]);
        const U = transform(graph, graph.reshape(byChannel, [batch, channels, length, 1]), points);
        const H = transform(graph, graph.reshape(K, [1, channels, length, 1]), points);
        const y = inverse(graph, product(graph, U, H), points);
        const Y = graph.reshape(part(graph, y, 0, length), [batch, channels, length]);
        return { Y: graph.reshape(graph.transpose(Y, [0, 2, 1]), [batch, length, heads, headDim]) };
      },
    });
  },
});

/** (b c t 1) -> (b c points 2), zeros behind the end. All points: a transform back takes no half of them. */
function transform(graph: Graph, x: Value, points: number): Value {
  return graph.op("DFT", [x, graph.index(points), graph.index(2)]);
}

function inverse(graph: Graph, spectrum: Value, points: number): Value {
  return graph.op("DFT", [spectrum, graph.index(points), graph.index(2)], { attributes: { inverse: 1 } });
}

/** Real (0) or imaginary (1) parts of the first `count` points: (b c count 1). */
function part(graph: Graph, spectrum: Value, which: 0 | 1, count: number): Value {
  const [starts, ends] = [graph.ints([0, which]), graph.ints([count, which + 1])];
  return graph.op("Slice", [spectrum, starts, ends, graph.ints([2, 3])]);
}

function product(graph: Graph, U: Value, H: Value): Value {
  const everything = 2 ** 31;
  const [a, b, c, d] = [U, U, H, H].map((side, i) => part(graph, side, i % 2 === 0 ? 0 : 1, everything));
  const times = (x: Value, y: Value) => graph.op("Mul", [x, y]);
  const re = graph.op("Sub", [times(a, c), times(b, d)]);
  const im = graph.op("Add", [times(a, d), times(b, c)]);
  return graph.op("Concat", [re, im], { attributes: { axis: 3 } });
}
