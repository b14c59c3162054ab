/**
 * The processor at its limit: kernels in C for the widest vectors it has, built by the machine's own compiler when they are first needed
 * and called through koffi. Parts, rules for kernels and measurements: native/README.md.
 */
import { availableParallelism, cpus } from "node:os";
import type { AnyOperator, Problem } from "../operator.js";
import type { Prepared } from "../prepared.js";
import { hostClock } from "./cpu/host-clock.js";
import { type Engine, EngineAbsent } from "./engine.js";
import { measureCeilings, type NativeCeilings } from "./native/clock/ceilings.js";
import { type Compiler, findCompiler } from "./native/compiler.js";
import type { ForeignKernel } from "./native/foreign/library.js";
import { prepareForeign } from "./native/foreign/prepare.js";
import { bestIsa, type Isa, LANES, stopAll } from "./native/library.js";
import { type PartPlan, type Plan, prepare, prepareSections, type Sections } from "./native/prepare.js";
import { NativeRoom } from "./native/room.js";

export type { PartPlan, Plan };

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
  /** Builds the kernels if need be, makes the memory, writes the inputs. A run is one plan, or several after each other. */
  prepared<Op extends AnyOperator>(
    room: NativeRoom<Op>,
    plans: Plan | readonly PartPlan[],
  ): Promise<Prepared<Op, void>>;
  /** The same for a run that stops on its way: a call for each section of it. */
  sections<Op extends AnyOperator>(
    room: NativeRoom<Op>,
    sections: readonly (readonly PartPlan[])[],
  ): Promise<Sections>;
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
    prepared: (room, plans) => prepare(compiler, isa, room, "kernel" in plans ? [plans] : plans),
    sections: (room, sections) => prepareSections(compiler, isa, room, sections),
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
