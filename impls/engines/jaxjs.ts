/**
 * jax-js, JAX in JavaScript: an implementation is a pure function of arrays, which the library compiles to WebAssembly when it first
 * runs; the engine owns memory and clock. Its WebAssembly backend has one thread in Node (its pool needs a global Worker).
 */
import {
  type AnyOperator,
  type Inputs,
  type Outputs,
  outputNames,
  outputShape,
  outputSize,
  type Problem,
} from "../operator.js";
import { type Prepared, rewriteInputs } from "../prepared.js";
import { hostClock } from "./cpu/host-clock.js";
import { inspectArrays } from "./cpu/host-memory.js";
import type { Engine } from "./engine.js";
import { ArrayInputs } from "./jaxjs/array-inputs.js";
import { measureCeilings } from "./jaxjs/ceilings.js";
import { disposeAll, type Jax, type JaxArray, type JaxOps, loadJax, opsOf } from "./jaxjs/package.js";

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
  return {
    name: "jaxjs",
    rewritesInputs: true,
    device: { name: "jax-js WebAssembly", kind: "cpu", details: { backend: "wasm", threads: 1 } },
    ...hostClock,
    ceilings: () => measureCeilings(jax),
    close() {},
    prepared: (operator, problem, program) => prepare(jax, operator, problem, program),
  };
}

type Arrays = Record<string, JaxArray>;

function prepare<Op extends AnyOperator>(
  jax: Jax,
  operator: Op,
  problem: Problem<Op>,
  program: JaxProgram<Op>,
): Prepared<Op, void> {
  const ops = opsOf(jax);
  const names = outputNames(operator, problem as Problem);
  const inputs = new ArrayInputs(jax, operator, problem as Problem);
  const compiled = jax.jit((given: Arrays) => program.compute(ops, given as Inputs<Op, JaxArray>) as Arrays);
  const nan = (): Arrays =>
    Object.fromEntries(
      names.map((name) => [
        name,
        jax.numpy.full(outputShape(operator, problem as Problem, name), Number.NaN),
      ]),
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
      replace(await jax.blockUntilReady(compiled(inputs.kept())));
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
