/** What a session reaches on this machine: a sum of two arrays (two reads, one write) and a square product, best of five. */
import type { Ceilings, Engine } from "../engine.js";
import { Graph } from "./graph.js";
import { type Ort, openSession, runSession } from "./package.js";

const ELEMENTS = 2 ** 22;
const SIZE = 512;

export async function measureCeilings(ort: Ort, threads: number, time: Engine["time"]): Promise<Ceilings> {
  const addNs = await bestNs(ort, threads, time, "Add", [ELEMENTS]);
  const productNs = await bestNs(ort, threads, time, "MatMul", [SIZE, SIZE]);
  return {
    bytesPerS: (3 * 4 * ELEMENTS) / (addNs / 1e9),
    flopsPerS: { f32: (2 * SIZE ** 3) / (productNs / 1e9) },
  };
}

async function bestNs(ort: Ort, threads: number, time: Engine["time"], op: string, shape: readonly number[]) {
  const graph = new Graph();
  const sides = ["a", "b"].map((name) => graph.input(shape, name));
  graph.output(graph.op(op, sides), shape, "result");
  const session = await openSession(ort, graph.model(), threads);
  const size = shape.reduce((product, one) => product * one, 1);
  const tensor = () => new ort.Tensor("float32", new Float32Array(size).fill(0.5), shape);
  const [a, b, result] = [tensor(), tensor(), tensor()];
  const run = () => runSession(session, { a, b }, { result });
  let ns = Number.POSITIVE_INFINITY;
  // the first is the warm-up
  for (let i = 0; i < 6; i++) {
    const { hostNs } = await time(run, 1);
    if (i > 0) ns = Math.min(ns, hostNs);
  }
  await session.release();
  return ns;
}
