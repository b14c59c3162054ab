/**
 * The processor at its limit: kernels in C for the widest vectors it has, built by the machine's own compiler when they are first needed
 * and called through koffi. Parts, rules for kernels and measurements: native/README.md.
 */
import { availableParallelism, cpus } from "node:os";
import type { AnyOperator, Problem } from "../operator.js";
import type { Prepared, RunDetails } from "../prepared.js";
import { hostClock } from "./cpu/host-clock.js";
import { hostPrepared } from "./cpu/host-memory.js";
import { type Engine, EngineAbsent } from "./engine.js";
import { measureCeilings, type NativeCeilings } from "./native/ceilings.js";
import { type Compiler, findCompiler } from "./native/compiler.js";
import { argumentBlock } from "./native/fields.js";
import type { ForeignKernel } from "./native/foreign/library.js";
import { prepareForeign } from "./native/foreign/prepare.js";
import { writeInputs } from "./native/inputs.js";
import { bestIsa, type Isa, LANES, loadLibrary, stopAll } from "./native/library.js";
import { NativeRoom } from "./native/room.js";

/** What an operator's file tells the engine: its kernel and the arguments of a run. */
export interface Plan {
  /** `new URL("./native/form.c", import.meta.url)` */
  readonly kernel: URL;
  /** Members of the kernel's `Args` beside the problem's tensors and dims, `threads` and the scratch of each. */
  readonly values?: Readonly<Record<string, number>>;
  readonly threads: number;
  /** Scratch memory of one thread. */
  readonly scratchBytes: number;
  /** What a row should say beside the kernel's name and hash. */
  readonly details?: RunDetails;
}

export interface NativeEngine extends Engine<void> {
  readonly name: "native";
  readonly isa: Isa;
  /** f32 numbers of a vector. */
  readonly lanes: number;
  /** Threads that the machine runs at once, the main one included. */
  readonly threads: number;
  ceilings(threads?: number): Promise<NativeCeilings>;
  /** An empty memory layout with the problem's tensors in it. */
  room<Op extends AnyOperator>(operator: Op, problem: Problem<Op>): NativeRoom<Op>;
  /** Builds the kernel if need be, makes the memory, writes the inputs. */
  prepared<Op extends AnyOperator>(room: NativeRoom<Op>, plan: Plan): Promise<Prepared<Op, void>>;
  /** The same for a user's C file. */
  foreign<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    kernel: ForeignKernel,
  ): Promise<Prepared<Op, void>>;
}

/**
 * @param device avx512, avx2 or neon: vectors that the kernels are built for; by default what the environment variable
 * DUALBENCH_NATIVE_ISA names, or the widest there are
 * @throws EngineAbsent, with one sentence, without koffi, compiler or such vectors
 */
export async function open(device = process.env.DUALBENCH_NATIVE_ISA || undefined): Promise<NativeEngine> {
  const { compiler, best } = await machine();
  const isa = (device ?? best) as Isa;
  if (!(isa in LANES))
    throw new Error(`the native engine has the devices ${Object.keys(LANES).join(", ")}, got ${device}`);
  // a processor with the wider vectors has the narrower ones too
  if (isa !== best && !(isa === "avx2" && best === "avx512"))
    throw new EngineAbsent(`this processor has ${best}, not ${isa}`);
  const threads = availableParallelism();
  return {
    name: "native",
    rewritesInputs: true,
    isa,
    lanes: LANES[isa],
    threads,
    device: {
      key: isa === best ? undefined : isa,
      name: cpus()[0]?.model.trim() || "unknown CPU",
      kind: "cpu",
      details: {
        isa,
        vectorBits: 32 * LANES[isa],
        threads,
        compiler: compiler.version,
        node: process.versions.node,
      },
    },
    ...hostClock,
    ceilings: (threads = 1) => measureCeilings(compiler, isa, threads),
    close: stopAll,
    room: (operator, problem) => new NativeRoom(operator, problem),
    prepared: (room, plan) => prepare(compiler, isa, room, plan),
    foreign: (operator, problem, kernel) => prepareForeign(compiler, isa, { operator, problem }, kernel),
  };
}

async function machine(): Promise<{ compiler: Compiler; best: Isa }> {
  if (process.platform === "win32")
    throw new EngineAbsent("the native engine needs Linux or macOS: its threads are POSIX's");
  try {
    const compiler = findCompiler();
    const best = await bestIsa(compiler);
    if (!best)
      throw new Error(
        "the native kernels need AVX-512, AVX2 with FMA, or NEON, and this processor has none of them",
      );
    return { compiler, best };
  } catch (error) {
    throw new EngineAbsent((error as Error).message);
  }
}

async function prepare<Op extends AnyOperator>(
  compiler: Compiler,
  isa: Isa,
  room: NativeRoom<Op>,
  { kernel, values, threads, scratchBytes, details }: Plan,
): Promise<Prepared<Op, void>> {
  const library = await loadLibrary(compiler, kernel, isa);
  // a page apart: threads must not share a cache line
  const stride = Math.ceil((scratchBytes + 4096) / 4096) * 4096;
  const scratch = room.reserve(stride * threads);
  room.open(library);
  const args = argumentBlock(
    library.fields,
    { ...room.address, ...room.problem.dims, ...values, threads, scratch, scratchFloats: stride / 4 },
    room.base,
  );
  const inputs = await writeInputs(compiler, isa, room, threads);
  return hostPrepared({
    operator: room.operator,
    problem: room.problem,
    outputs: room.outputs(),
    otherBytes: room.bytes - room.outputBytes,
    details: { kernel: `${library.name}.${isa}.${library.hash}`, ...details },
    run: () => library.run(args),
    dispose: () => room.close(library),
    rewrite: (next) => inputs.rewrite(next),
  });
}
