/**
 * A user's kernel in C: one function, called with tensors and sizes in the order that its header names. It is compiled in a translation
 * unit of its own, behind which the call is written, so that the compiler holds the two against each other. Its tensors lie between pages
 * that end the process when they are touched.
 */
import type { AnyOperator, Problem } from "../../../operator.js";
import type { Prepared } from "../../../prepared.js";
import { hostPrepared } from "../../cpu/host-memory.js";
import type { Compiler } from "../compiler.js";
import { argumentBlock } from "../fields.js";
import { writeInputs } from "../inputs.js";
import type { Isa } from "../library.js";
import { NativeRoom } from "../room.js";
import { type ForeignKernel, loadForeign } from "./library.js";

/** A multiple of every machine's page. */
const GUARD = 65536;
/** A NaN that no arithmetic makes: whoever reads it computes NaN, whoever overwrites it is seen. */
const UNTOUCHED = 0x7fc0dead;

export async function prepareForeign<Op extends AnyOperator>(
  compiler: Compiler,
  isa: Isa,
  { operator, problem }: { readonly operator: Op; readonly problem: Problem<Op> },
  kernel: ForeignKernel,
): Promise<Prepared<Op, void>> {
  const library = await loadForeign(compiler, isa, kernel);
  const room = new NativeRoom(operator, problem, GUARD);
  const scratch = Object.entries(kernel.scratch).map(
    ([name, floats]) => [name, room.reserve(4 * floats)] as const,
  );
  // one that this problem has not is NULL
  const absent = Object.fromEntries(Object.keys(operator.outputs).map((name) => [name, 0]));
  const places = { ...absent, ...room.address, ...Object.fromEntries(scratch) };
  room.open(library);
  try {
    const inputs = await writeInputs(compiler, isa, room, 1);
    for (const { before, behind } of room.slack())
      for (const words of [before, behind]) words.fill(UNTOUCHED);
    const block = argumentBlock(kernel.arguments, { ...kernel.numbers, ...places }, room.base);
    const prepared = hostPrepared({
      operator,
      problem,
      outputs: room.outputs(),
      otherBytes: room.pieceBytes - room.outputBytes,
      details: { kernel: `${kernel.entry}.${isa}.${library.hash}`, compiler: compiler.version },
      run: () => library.run(block),
      dispose: () => room.close(library),
      rewrite: (next) => inputs.rewrite(next),
    });
    const names = [...Object.entries(room.address).filter(([, at]) => at > 0), ...scratch].map(
      ([name]) => name,
    );
    const held = <T>(read: () => T): T => {
      mustBeUntouched(room, names);
      return read();
    };
    return {
      ...prepared,
      read: () => held(() => prepared.read()),
      inspect: (lanes) => held(() => prepared.inspect(lanes)),
    };
  } catch (error) {
    room.close(library);
    throw error;
  }
}

/** @param names of the tensors, in the order of their places. @throws where a run has written beside one */
function mustBeUntouched(room: NativeRoom<AnyOperator>, names: readonly string[]): void {
  room.slack().forEach(({ before, behind }, i) => {
    const isTouched = (word: number) => word !== UNTOUCHED;
    if (before.some(isTouched)) throw new Error(`it writes before the beginning of ${names[i]}`);
    if (behind.some(isTouched)) throw new Error(`it writes behind the end of ${names[i]}`);
  });
}
