/** A problem made ready for native kernels: one, or several that work on each other's results in one memory. */
import { createHash } from "node:crypto";
import type { AnyOperator } from "../../operator.js";
import type { Prepared, RunDetails } from "../../prepared.js";
import { hostPrepared } from "../cpu/host-memory.js";
import type { Compiler } from "./compiler.js";
import { argumentBlock } from "./fields.js";
import { writeInputs } from "./inputs.js";
import { type Isa, type Library, loadLibrary } from "./library.js";
import type { NativeRoom } from "./room.js";

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

/** A part of a larger run: its tensors lie at places of the room, whatever their names are in the whole. */
export interface PartPlan extends Plan {
  readonly address: Readonly<Record<string, number>>;
  readonly dims: Readonly<Record<string, number | undefined>>;
}

/** @param plans in the order in which they run, each on all that those before have left */
export async function prepare<Op extends AnyOperator>(
  compiler: Compiler,
  isa: Isa,
  room: NativeRoom<Op>,
  plans: readonly (Plan | PartPlan)[],
): Promise<Prepared<Op, void>> {
  const { libraries, runs, inputs } = await bind(compiler, isa, room, plans);
  return hostPrepared({
    operator: room.operator,
    problem: room.problem,
    outputs: room.outputs(),
    otherBytes: room.bytes - room.outputBytes,
    details: Object.assign(
      { kernel: kernelsName(room.operator, libraries, isa) },
      ...plans.map(({ details }) => details),
    ),
    run: () => {
      for (const run of runs) run();
    },
    dispose: () => room.close(libraries[0]),
    rewrite: (next) => inputs.rewrite(next),
  });
}

/** Runs of one memory that are called one by one. */
export interface Sections {
  readonly runs: readonly (() => void)[];
  dispose(): void;
}

/** The same for a run that stops on its way, between some plans and others. */
export async function prepareSections<Op extends AnyOperator>(
  compiler: Compiler,
  isa: Isa,
  room: NativeRoom<Op>,
  sections: readonly (readonly PartPlan[])[],
): Promise<Sections> {
  const { libraries, runs } = await bind(compiler, isa, room, sections.flat());
  let first = 0;
  const cut = sections.map(({ length }) => {
    const own = runs.slice(first, first + length);
    first += length;
    return () => {
      for (const run of own) run();
    };
  });
  return { runs: cut, dispose: () => room.close(libraries[0]) };
}

/** The room's memory with the problem's inputs in it, and a call for each plan. */
async function bind<Op extends AnyOperator>(
  compiler: Compiler,
  isa: Isa,
  room: NativeRoom<Op>,
  plans: readonly (Plan | PartPlan)[],
) {
  const libraries = await Promise.all(plans.map(({ kernel }) => loadLibrary(compiler, kernel, isa)));
  // a page apart: threads must not share a cache line
  const strides = plans.map(({ scratchBytes }) => Math.ceil((scratchBytes + 4096) / 4096) * 4096);
  const scratch = room.reserve(Math.max(...plans.map(({ threads }, i) => strides[i] * threads)));
  room.open(libraries[0]);
  const runs = plans.map((plan, i) => {
    const { address, dims } = "address" in plan ? plan : { address: room.address, dims: room.problem.dims };
    const { threads, values } = plan;
    const args = argumentBlock(
      libraries[i].fields,
      { ...address, ...dims, ...values, threads, scratch, scratchFloats: strides[i] / 4 },
      room.base,
    );
    return () => libraries[i].run(args);
  });
  const inputs = await writeInputs(compiler, isa, room, Math.max(...plans.map(({ threads }) => threads)));
  return { libraries, runs, inputs };
}

/** A kernel's own name and hash; of several the operator's name and a hash of theirs. */
function kernelsName(operator: AnyOperator, libraries: readonly Library[], isa: Isa): string {
  const [{ name, hash }, ...others] = libraries;
  if (others.length === 0) return `${name}.${isa}.${hash}`;
  const hashes = libraries.map((library) => library.hash).join("\0");
  return `${operator.name}.${isa}.${createHash("sha256").update(hashes).digest("hex").slice(0, 16)}`;
}
