/** What programs of ONNX Runtime share, whatever the operator. */
import type { Graph, OnnxruntimeEngine, Value } from "../engines/onnxruntime.js";
import type { Options } from "../prepared.js";

/** One thread, and all that the engine has. */
export function sessionThreads(_problem: unknown, engine: OnnxruntimeEngine): readonly Options[] {
  return engine.threads > 1 ? [{ threads: 1 }, { threads: engine.threads }] : [{ threads: 1 }];
}

/** What else a run of a session does. */
export const onnxTimed = (): string =>
  "the session's call included, which also copies outputs into new memory";

/** (y + D x) silu(z), with the raw x, the gate last; D and z where there are any. D broadcasts against X. */
export function onnxGated(
  graph: Graph,
  Y: Value,
  X: Value,
  D: Value | undefined,
  z: Value | undefined,
): Value {
  const skipped = D ? graph.op("Add", [Y, graph.op("Mul", [X, D])]) : Y;
  return z ? graph.op("Mul", [skipped, silu(graph, z)]) : skipped;
}

/** z / (1 + exp(-z)): ONNX Runtime's Sigmoid is exactly 0 below -18, where float32 holds exp(-18), and off by a factor near it. */
function silu(graph: Graph, z: Value): Value {
  const weight = graph.op("Add", [graph.op("Exp", [graph.op("Neg", [z])]), graph.number(1)]);
  return graph.op("Div", [z, weight]);
}
