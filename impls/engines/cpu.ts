/**
 * The reading engine: plain TypeScript on Float32Array, single thread. Its kernels follow the papers step by step and are held to
 * 70% of a hand-written loop, not to the machine's peak; for that there is wasm.
 */

import type { Change } from "../change.js";
import {
  type AnyOperator,
  type InputSpecs,
  type Inputs,
  inputDtype,
  type Outputs,
  outputNames,
  outputSize,
  type Problem,
} from "../operator.js";
import type { Prepared } from "../prepared.js";
import { elementCount, toFloat32, writeRows } from "../tensor.js";
import { hostClock } from "./cpu/host-clock.js";
import { hostPrepared } from "./cpu/host-memory.js";
import { extentOf, KeptInputs } from "./cpu/kept-inputs.js";
import type { Ceilings, Engine } from "./engine.js";

export interface CpuEngine extends Engine<void> {
  readonly name: "cpu";
  /** All inputs as Float32Array in C order; undefined for optional inputs the problem has not. */
  inputs<Op extends AnyOperator>(operator: Op, problem: Problem<Op>): Inputs<Op>;
  /** Zeroed arrays for all outputs. */
  outputs<Op extends AnyOperator>(operator: Op, problem: Problem<Op>): Outputs<Op>;
  /** What `prepare` returns: `run` fills the outputs. */
  prepared<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    outputs: Outputs<Op>,
    run: () => void,
    /** What the kernel holds beside inputs and outputs, where that is of their size. */
    scratchBytes?: number,
  ): Prepared<Op, void>;
}

export async function open(): Promise<CpuEngine> {
  /** What `inputs` has given for a problem since the last `prepared` of it. */
  const given = new WeakMap<object, Record<string, Float32Array | undefined>[]>();
  return {
    name: "cpu",
    rewritesInputs: true,
    device: { name: "JavaScript", kind: "cpu", details: { threads: 1 } },
    ...hostClock,
    ceilings: async () => measureCeilings(),
    close() {},
    inputs: (operator, problem) => {
      const arrays = inputs(operator, problem);
      given.set(problem, [...(given.get(problem) ?? []), arrays]);
      return arrays;
    },
    outputs: (operator, problem) =>
      Object.fromEntries(
        outputNames(operator, problem as Problem).map((name) => [
          name,
          new Float32Array(outputSize(operator, problem, name)),
        ]),
      ) as never,
    prepared: (operator, problem, outputs, run, scratchBytes = 0) => {
      const live = liveInputs(operator, problem, given.get(problem) ?? []);
      given.delete(problem);
      const rewrite = (next: Problem) => live.rewrite(next);
      return hostPrepared({
        operator,
        problem,
        outputs,
        run,
        otherBytes: inputBytes(problem) + scratchBytes,
        rewrite,
      });
    },
  };
}

/** Inputs are held as f32 whatever their dtype. */
function inputBytes({ inputs }: Problem): number {
  return Object.values(inputs).reduce(
    (bytes, source) => bytes + (source ? 4 * elementCount(source.shape) : 0),
    0,
  );
}

function inputs<Op extends AnyOperator>(operator: Op, problem: Problem<Op>): Inputs<Op> {
  const entries = Object.keys(operator.inputs as InputSpecs).map((name) => {
    const source = (problem.inputs as Problem["inputs"])[name];
    return [name, source && toFloat32(source, inputDtype(operator, problem, name) as "f32")];
  });
  return Object.fromEntries(entries) as Inputs<Op>;
}

/** @param copies the same inputs as often as a kernel asked for them */
function liveInputs(
  operator: AnyOperator,
  problem: Problem,
  copies: readonly Readonly<Record<string, Float32Array | undefined>>[],
): KeptInputs {
  const places = (change: Change) => {
    const { first, count } = extentOf(change);
    return copies.map((arrays) => arrays[change.name]!.subarray(first, first + count));
  };
  return new KeptInputs(problem, places, ({ name, source, firstRow, rows }, [place]) =>
    writeRows(source, inputDtype(operator, problem, name), firstRow, rows, place),
  );
}

/**
 * Best of five: copies of 32 MiB and within the nearest cache, and multiply-adds in eight independent chains (what plain JavaScript can
 * reach).
 */
function measureCeilings(): Ceilings {
  const best = (work: () => number) => Math.max(...Array.from({ length: 5 }, work));
  const copyRate = (elements: number, times: number) => {
    const source = new Float32Array(elements).fill(1);
    const target = new Float32Array(elements);
    return best(() => {
      const start = performance.now();
      for (let i = 0; i < times; i++) target.set(source);
      return (2 * times * source.byteLength) / ((performance.now() - start) / 1e3);
    });
  };
  const bytesPerS = copyRate(4 << 20, 1);
  const cachedBytesPerS = copyRate(1024, 5000);
  const flops = best(() => {
    const start = performance.now();
    multiplyAddChains(2_000_000, sink);
    return (2_000_000 * 16) / ((performance.now() - start) / 1e3);
  });
  return { bytesPerS, cachedBytesPerS, flopsPerS: { f32: flops } };
}

/** Results land here so that the compiler cannot drop the loop. */
const sink = new Float32Array(8);

function multiplyAddChains(steps: number, result: Float32Array): void {
  const factor = 0.9999;
  let [a, b, c, d] = [1, 2, 3, 4];
  let [e, f, g, h] = [5, 6, 7, 8];
  for (let i = 0; i < steps; i++) {
    a = a * factor + 1;
    b = b * factor + 1;
    c = c * factor + 1;
    d = d * factor + 1;
    e = e * factor + 1;
    f = f * factor + 1;
    g = g * factor + 1;
    h = h * factor + 1;
  }
  result.set([a, b, c, d, e, f, g, h]);
}
