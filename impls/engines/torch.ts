/**
 * PyTorch, the peer: implementations are small Python files, run in a child process that holds the device and its clock. Inputs are
 * made there by the same random function (bit for bit), outputs are inspected there. Protocol and files: torch/README.md.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import {
  type AnyOperator,
  type InputSpecs,
  isF32Output,
  type Outputs,
  outputNames,
  outputShape,
  outputSize,
  type Problem,
} from "../operator.js";
import { type Options, type Prepared, rewriteInputs } from "../prepared.js";
import { type Ceilings, type DeviceInfo, type Engine, EngineAbsent, type Timing } from "./engine.js";
import { openPython } from "./torch/find.js";
import { sendChanges, sendInputs } from "./torch/inputs.js";
import { floats, inspect } from "./torch/inspect.js";
import type { Python } from "./torch/python.js";

/** Says which prepared case of the Python process a run is. */
export interface TorchLaunch {
  run(handle: number): void;
}

/** How an operator's file names its Python program. */
export interface TorchProgram {
  /** `new URL("./torch/form.py", import.meta.url)`, or the path of a user's kernel. */
  readonly file: URL | string;
  /** A user's kernel, which writes into outputs that it is given: torch/kernels.py. */
  readonly kernel?: TorchKernel;
  /** Run through torch.compile, or as a captured CUDA graph. */
  readonly replay?: "compile" | "graph" | undefined;
  /** Numbers that the Python file needs beside dims, settings and options, e.g. attention's scale. */
  readonly constants?: Readonly<Record<string, number | string | readonly number[]>>;
  /** Bytes of intermediate tensors alive at once, at most. */
  readonly scratchBytes: number;
}

export interface TorchKernel {
  /** Options of the case, with the kernel's own numbers. */
  readonly given: Readonly<Record<string, number | string>>;
  /** Of tensors whose axes it wants in another order: where each stands in the operator's. */
  readonly orders: Readonly<Record<string, readonly number[]>>;
}

export interface TorchEngine extends Engine<TorchLaunch> {
  readonly name: "torch";
  /** Threads that the CPU device may use; 1 on a GPU. */
  readonly threads: number;
  /** A sentence when the Python file cannot be used on this device, e.g. for want of a package. */
  lacks(file: URL, make: string | undefined, replay: TorchProgram["replay"]): Promise<string | undefined>;
  prepared<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    options: Options,
    program: TorchProgram,
  ): Promise<Prepared<Op, TorchLaunch>>;
  /** Values of a random input as the device makes them: for the test that they are those of random.ts. */
  random(operator: AnyOperator, problem: Problem, name: string): Promise<Float32Array>;
}

export interface Described {
  readonly key: string;
  readonly kind: "cpu" | "gpu";
  readonly name: string;
  readonly details: DeviceInfo["details"];
  readonly warning: string | null;
}

/** @param device cpu, cuda or cuda:N. @throws EngineAbsent without Python, torch or the device */
export async function open(device = "cpu"): Promise<TorchEngine> {
  if (!/^(cpu|cuda(:\d+)?)$/.test(device))
    throw new EngineAbsent(`torch has no device ${device}; it has cpu, cuda and cuda:N`);
  const { python, described } = await openPython<Described>(device);
  return torchEngine(python, described, described.kind === "cpu" ? availableParallelism() : 1);
}

/** The engine that a Python process is. */
export function torchEngine(python: Python, described: Described, threads: number): TorchEngine {
  const { key, kind, name, details, warning } = described;
  const told: Told = new Map();

  async function timed(
    call: "once" | "time",
    run: (launch: TorchLaunch) => void | Promise<void>,
    repeats = 1,
  ) {
    const cases: number[] = [];
    const pending = run({ run: (handle) => cases.push(handle) });
    if (pending) await pending;
    return python.call(call, { cases, repeats });
  }

  return {
    name: "torch",
    rewritesInputs: true,
    threads,
    device: {
      key,
      name,
      kind,
      ...(kind === "gpu" ? { launch: "gaps between kernels included" } : {}),
      details: kind === "cpu" ? { ...details, threads } : details,
      ...(warning === null ? {} : { warning }),
    },
    async once(run) {
      await timed("once", run);
    },
    async time(run, repeats) {
      const { told: news, ...timing } = (await timed("time", run, repeats)).value as TimeReply;
      for (const [handle, sentence] of Object.entries(news)) told.set(Number(handle), sentence);
      return timing;
    },
    ceilings: async (threads = 1) => (await python.call("ceilings", { threads })).value as Ceilings,
    close: () => python.close(),
    async lacks(file, make, replay) {
      const { value } = await python.call("absent", { file: fileURLToPath(file), make, replay });
      return (value as string | null) ?? undefined;
    },
    prepared: (operator, problem, options, program) =>
      prepare(python, told, operator, problem, options, program),
    async random(operator, problem, input) {
      const { specs } = sendInputs(operator, problem);
      return floats((await python.call("random", specs[input])).data);
    },
  };
}

/** What Python saw a user's kernel do inside a run, by its handle: known when it is prepared, or when it is first timed. */
type Told = Map<number, string>;

type TimeReply = Timing & { readonly told: Readonly<Record<string, string>> };

async function prepare<Op extends AnyOperator>(
  python: Python,
  told: Told,
  operator: Op,
  problem: Problem<Op>,
  options: Options,
  program: TorchProgram,
): Promise<Prepared<Op, TorchLaunch>> {
  const names = outputNames(operator, problem as Problem);
  const { specs, data } = sendInputs(operator, problem as Problem);
  const body = {
    file: typeof program.file === "string" ? program.file : fileURLToPath(program.file),
    kernel: program.kernel && {
      ...program.kernel,
      // a state stays in f32, as where it comes in
      f32: names.filter((name) => isF32Output(operator, problem as Problem, name)),
    },
    replay: program.replay,
    dtype: problem.dtype,
    dims: problem.dims,
    settings: problem.settings,
    options,
    constants: program.constants ?? {},
    names: Object.keys(operator.inputs as InputSpecs),
    inputs: specs,
    outputs: Object.fromEntries(names.map((name) => [name, outputShape(operator, problem as Problem, name)])),
  };
  const { value } = await python.call("prepare", body, data);
  const { case: handle, bytes, told: seen } = value as { case: number; bytes: number; told: string | null };
  if (seen !== null) told.set(handle, seen);
  const elements = names.map((name) => outputSize(operator, problem as Problem, name));
  const outputBytes = elements.reduce((sum, count) => sum + count * 4, 0);
  let current = problem as Problem;
  const sets: Problem[] = [current];
  return {
    run: (launch) => launch.run(handle),
    async poison() {
      await python.call("poison", { case: handle });
    },
    async read() {
      const values = floats((await python.call("read", { case: handle })).data);
      let at = 0;
      const entries = names.map((name, i) => {
        const from = at;
        at += elements[i];
        return [name, values.subarray(from, at)];
      });
      return Object.fromEntries(entries) as Outputs<Op>;
    },
    inspect: (lanes) => inspect(python, handle, operator, problem as Problem, lanes),
    bytes: bytes + outputBytes + program.scratchBytes,
    get details() {
      const run = told.get(handle);
      return run === undefined ? undefined : { run };
    },
    async dispose() {
      told.delete(handle);
      await python.call("dispose", { case: handle });
    },
    async [rewriteInputs](next) {
      if (!sets.includes(next)) sets.push(next);
      const [from, to] = [current, next].map((one) => sets.indexOf(one));
      const changes = sendChanges(operator, current, next);
      if (changes.length === 0) return;
      await python.call("rewrite", { case: handle, from, to, changes });
      current = next;
    },
  };
}
