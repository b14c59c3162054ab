/**
 * ONNX Runtime on the CPU, what most JavaScript programs compute models with: an implementation writes a graph of ONNX operators,
 * the engine makes a session of it and owns memory and clock. Inputs and outputs are arrays of this process that the session reads and
 * writes in place. What was found out about the operators stands in onnxruntime/README.md.
 */
import { availableParallelism } from "node:os";
import { type AnyOperator, inputDtype, type Outputs, outputSize, type Problem } from "../operator.js";
import type { Options, Prepared } from "../prepared.js";
import { toFloat32, writeRows } from "../tensor.js";
import { hostClock } from "./cpu/host-clock.js";
import { hostPrepared } from "./cpu/host-memory.js";
import { extentOf, KeptInputs } from "./cpu/kept-inputs.js";
import type { Engine } from "./engine.js";
import { measureCeilings } from "./onnxruntime/ceilings.js";
import { type OnnxProgram, writeModel } from "./onnxruntime/model.js";
import { loadOrt, type Ort, type OrtTensor, openSession, runSession } from "./onnxruntime/package.js";

export type { Graph, Value } from "./onnxruntime/graph.js";

export interface OnnxruntimeEngine extends Engine<void> {
  readonly name: "onnxruntime";
  /** Threads that a session may use here. */
  readonly threads: number;
  /** What `prepare` returns. @param options of which `threads` are the session's; 1 by default */
  prepared<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    options: Options,
    program: OnnxProgram<Op>,
  ): Promise<Prepared<Op, void>>;
}

/** @throws EngineAbsent without the package */
export async function open(): Promise<OnnxruntimeEngine> {
  const ort = await loadOrt();
  const threads = availableParallelism();
  return {
    name: "onnxruntime",
    rewritesInputs: true,
    threads,
    device: {
      name: "ONNX Runtime CPU",
      kind: "cpu",
      details: { onnxruntime: ort.env.versions.node ?? null, threads },
    },
    ...hostClock,
    ceilings: (threads) => measureCeilings(ort, threads ?? 1),
    close() {},
    prepared: (operator, problem, options, program) => prepare(ort, operator, problem, options, program),
  };
}

/** An array and the tensor through which a session sees it. */
interface Bound {
  readonly data: Float32Array;
  readonly tensor: OrtTensor;
}

async function prepare<Op extends AnyOperator>(
  ort: Ort,
  operator: Op,
  problem: Problem<Op>,
  { threads = 1 }: Options,
  program: OnnxProgram<Op>,
): Promise<Prepared<Op, void>> {
  const { model, inputShapes, outputShapes } = writeModel(operator, problem, program);
  const session = await openSession(ort, model, threads);
  const bind = (data: Float32Array, shape: readonly number[]): Bound => ({
    data,
    tensor: new ort.Tensor("float32", data, shape),
  });
  const bindAll = (shapes: ReadonlyMap<string, readonly number[]>, dataOf: (name: string) => Float32Array) =>
    new Map([...shapes].map(([name, shape]) => [name, bind(dataOf(name), shape)]));
  const dtypeOf = (name: string) => inputDtype(operator, problem, name) as "f32";
  const inputs = bindAll(inputShapes, (name) => toFloat32(problem.inputs[name]!, dtypeOf(name)));
  const outputs = bindAll(
    outputShapes,
    (name) => new Float32Array(outputSize(operator, problem as Problem, name)),
  );
  const live = new KeptInputs(
    problem as Problem,
    (change) => {
      const { first, count } = extentOf(change);
      return [inputs.get(change.name)!.data.subarray(first, first + count)];
    },
    ({ name, source, firstRow, rows }, [place]) => writeRows(source, dtypeOf(name), firstRow, rows, place),
  );
  const tensors = (all: ReadonlyMap<string, Bound>) =>
    Object.fromEntries([...all].map(([name, { tensor }]) => [name, tensor]));
  const feeds = tensors(inputs);
  const fetches = tensors(outputs);
  const inputBytes = [...inputs.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  const arrays = Object.fromEntries([...outputs].map(([name, { data }]) => [name, data]));
  return hostPrepared({
    operator,
    problem,
    outputs: arrays as Outputs<Op>,
    async run() {
      await runSession(session, feeds, fetches);
    },
    otherBytes: inputBytes + program.scratchBytes,
    async dispose() {
      await session.release();
    },
    rewrite: (next) => live.rewrite(next),
  });
}
