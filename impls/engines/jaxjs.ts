/**
 * jax-js, JAX in JavaScript: an implementation is a pure function of arrays, which the library compiles to WebAssembly when it first
 * runs; the engine owns memory and clock. Its WebAssembly backend has one thread in Node (its pool needs a global Worker).
 */
import {
  type AnyOperator,
  type Inputs,
  inputDtype,
  type Outputs,
  outputSize,
  type Problem,
  shapeOf,
} from "../operator.js";
import { type Prepared, rewriteInputs } from "../prepared.js";
import { toFloat32, writeRows } from "../tensor.js";
import { inspectArrays } from "./cpu/host-memory.js";
import { extentOf, KeptInputs } from "./cpu/kept-inputs.js";
import type { Ceilings, Engine } from "./engine.js";
import { type Jax, type JaxArray, type JaxOps, loadJax, opsOf } from "./jaxjs/package.js";

export type { JaxArray, JaxOps } from "./jaxjs/package.js";

/** One problem as a function of arrays. */
export interface JaxProgram<Op extends AnyOperator> {
  /** Inputs have the shapes of their sources, outputs the operator's. Traced once; constants are arrays that it makes. */
  compute(ops: JaxOps, inputs: Inputs<Op, JaxArray>): Outputs<Op, JaxArray>;
  /** Bytes of intermediate arrays alive at once, at most. */
  readonly scratchBytes: number;
}

export interface JaxjsEngine extends Engine<void> {
  readonly name: "jaxjs";
  /** What `prepare` returns. */
  prepared<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    program: JaxProgram<Op>,
  ): Prepared<Op, void>;
}

/** @throws EngineAbsent without the package */
export async function open(): Promise<JaxjsEngine> {
  const jax = await loadJax();
  const time: Engine["time"] = async (run, repeats) => {
    const start = performance.now();
    for (let i = 0; i < repeats; i++) {
      const pending = run();
      if (pending) await pending;
    }
    return { hostNs: ((performance.now() - start) * 1e6) / repeats };
  };
  return {
    name: "jaxjs",
    rewritesInputs: true,
    device: { name: "jax-js WebAssembly", kind: "cpu", details: { backend: "wasm", threads: 1 } },
    async once(run) {
      await run();
    },
    time,
    ceilings: () => measureCeilings(jax, time),
    close() {},
    prepared: (operator, problem, program) => prepare(jax, operator, problem, program),
  };
}

type Arrays = Record<string, JaxArray>;

function disposeAll(arrays: Arrays): void {
  for (const array of Object.values(arrays)) array.dispose();
}

function prepare<Op extends AnyOperator>(
  jax: Jax,
  operator: Op,
  problem: Problem<Op>,
  program: JaxProgram<Op>,
): Prepared<Op, void> {
  const ops = opsOf(jax);
  const names = Object.keys(operator.outputs);
  const inputs = new ArrayInputs(jax, operator, problem as Problem);
  const compiled = jax.jit((given: Arrays) => program.compute(ops, given as Inputs<Op, JaxArray>) as Arrays);
  const nan = (): Arrays =>
    Object.fromEntries(
      names.map((name) => [name, jax.numpy.full(shapeOf(operator.outputs[name], problem.dims), Number.NaN)]),
    );
  let outputs = nan();
  const replace = (next: Arrays) => {
    disposeAll(outputs);
    outputs = next;
  };
  const read = async () => {
    // reading consumes
    const entries = names.map(async (name) => [name, await outputs[name].ref.data()] as const);
    return Object.fromEntries(await Promise.all(entries)) as Outputs<Op>;
  };
  const outputBytes = names.reduce(
    (sum, name) => sum + 4 * outputSize(operator, problem as Problem, name),
    0,
  );
  return {
    async run() {
      const next = compiled(inputs.kept());
      // not at once one after the other: the next run takes the memory of the last
      disposeAll(outputs);
      outputs = await jax.blockUntilReady(next);
    },
    poison: () => replace(nan()),
    read,
    inspect: async (lanes) => inspectArrays(operator, problem as Problem, await read(), lanes),
    bytes: inputs.bytes + outputBytes + program.scratchBytes,
    dispose() {
      disposeAll(outputs);
      inputs.dispose();
      compiled.dispose();
    },
    [rewriteInputs]: (next) => inputs.rewrite(next),
  };
}

/** Inputs as arrays, which never change: another set of inputs is other arrays, made from the values that are kept here. */
class ArrayInputs {
  private readonly host: Record<string, Float32Array> = {};
  private readonly shapes: Record<string, readonly number[]> = {};
  private readonly arrays: Arrays = {};
  private readonly live: KeptInputs;

  constructor(
    private readonly jax: Jax,
    operator: AnyOperator,
    problem: Problem,
  ) {
    const dtypeOf = (name: string) => inputDtype(operator, problem, name) as "f32";
    for (const [name, source] of Object.entries(problem.inputs)) {
      if (!source) continue;
      this.host[name] = toFloat32(source, dtypeOf(name));
      this.shapes[name] = source.shape;
      this.upload(name);
    }
    const changed = new Set<string>();
    this.live = new KeptInputs(
      problem,
      (change) => {
        changed.add(change.name);
        const { first, count } = extentOf(change);
        return [this.host[change.name].subarray(first, first + count)];
      },
      ({ name, source, firstRow, rows }, [place]) => writeRows(source, dtypeOf(name), firstRow, rows, place),
    );
    this.changed = changed;
  }

  private readonly changed: Set<string>;

  get bytes(): number {
    return Object.values(this.host).reduce((sum, { byteLength }) => sum + 2 * byteLength, 0);
  }

  /** References for one call. */
  kept(): Arrays {
    return Object.fromEntries(Object.entries(this.arrays).map(([name, array]) => [name, array.ref]));
  }

  rewrite(next: Problem): void {
    this.changed.clear();
    this.live.rewrite(next);
    for (const name of this.changed) this.upload(name);
  }

  dispose(): void {
    disposeAll(this.arrays);
  }

  private upload(name: string): void {
    this.arrays[name]?.dispose();
    this.arrays[name] = this.jax.numpy.array(this.host[name], { shape: this.shapes[name] });
  }
}

/** What compiled functions reach here: a sum of two arrays (two reads, one write) and a square product, best of five. */
async function measureCeilings(jax: Jax, time: Engine["time"]): Promise<Ceilings> {
  const { numpy } = jax;
  const elements = 2 ** 22;
  const size = 512;
  // unequal values: arrays of equal ones are computed once, in double
  const values = (count: number) => Float32Array.from({ length: count }, (_, i) => (i % 251) / 251);
  const best = async (shape: readonly number[], compute: (x: JaxArray, y: JaxArray) => JaxArray) => {
    const count = shape.reduce((product, one) => product * one, 1);
    const [x, y] = [numpy.array(values(count), { shape }), numpy.array(values(count).reverse(), { shape })];
    const compiled = jax.jit(({ x, y }: { x: JaxArray; y: JaxArray }) => compute(x, y));
    let ns = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 6; i++) {
      const { hostNs } = await time(async () => {
        (await jax.blockUntilReady(compiled({ x: x.ref, y: y.ref }))).dispose();
      }, 1);
      if (i > 0) ns = Math.min(ns, hostNs);
    }
    for (const one of [x, y, compiled]) one.dispose();
    return ns;
  };
  const addNs = await best([elements], numpy.add);
  const productNs = await best([size, size], (x, y) => numpy.einsum(x, [0, 1], y, [1, 2], [0, 2]));
  return {
    bytesPerS: (3 * 4 * elements) / (addNs / 1e9),
    flopsPerS: { f32: (2 * size ** 3) / (productNs / 1e9) },
  };
}
