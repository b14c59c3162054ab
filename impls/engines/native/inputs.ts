/** Inputs of a problem in the memory of native kernels, made in place by random.c. */
import type { AnyOperator } from "../../operator.js";
import { handsFor, LayoutInputs } from "../cpu/layout-inputs.js";
import type { Compiler } from "./compiler.js";
import { argumentBlock } from "./fields.js";
import { type Isa, loadLibrary } from "./library.js";
import type { NativeRoom } from "./room.js";

const random = new URL("./random.c", import.meta.url);

/** @param room whose memory exists */
export async function writeInputs<Op extends AnyOperator>(
  compiler: Compiler,
  isa: Isa,
  room: NativeRoom<Op>,
  threads: number,
): Promise<LayoutInputs<Op>> {
  const filler = await loadLibrary(compiler, random, isa);
  const hands = handsFor(room.bytes, threads);
  return new LayoutInputs(room, {
    view: (offset, count) => room.view(offset, count),
    fill: (rows, tasks) =>
      filler.run(argumentBlock(filler.fields, { ...rows, tasks, threads: hands }, room.base)),
  });
}
