/** What a session reaches on this machine: a sum of two arrays (two reads, one write) and a square product, best of five. */
import { bestNs } from "../cpu/host-clock.js";
import type { Ceilings } from "../engine.js";
import { Graph } from "./graph.js";
import { type Ort, openSession, runSession } from "./package.js";

const ELEMENTS = 2 ** 22;
const SIZE = 512;

export async function measureCeilings(ort: Ort, threads: number): Promise<Ceilings> {
  const addNs = await opNs(ort, threads, "Add", [ELEMENTS]);
  const productNs = await opNs(ort, threads, "MatMul", [SIZE, SIZE]);
  return {
    bytesPerS: (3 * 4 * ELEMENTS) / (addNs / 1e9),
    flopsPerS: { f32: (2 * SIZE ** 3) / (productNs / 1e9) },
  };
}

async function opNs(ort: Ort, threads: number, op: string, shape: readonly number[]) {
  const graph = new Graph();
  const sides = ["a", "b"].map((name) => graph.input(shape, name));
  graph.output(graph.op(op, sides), shape, "result");
  const session = await openSession(ort, graph.model(), threads);
  const size = shape.reduce((product, one) => product * one, 1);
  const tensor = () => new ort.Tensor("float32", new Float32Array(size).fill(0.5), shape);
  const [a, b, result] = [tensor(), tensor(), tensor()];
  const ns = await bestNs(() => runSession(session, { a, b }, { result }));
  await session.release();
  return ns;
}
