import type { AnyOperator, Problem } from "../../operator.js";
import { LayoutInputs, type RandomRows } from "../cpu/layout-inputs.js";
import { loadKernel } from "./place/here.js";
import type { AttachedKernel, Pool } from "./pool.js";
import type { Room } from "./room.js";
import type { Simd } from "./simd.js";

/** In the order of class Args in random.as.ts. */
const fields = [
  "to",
  "row0",
  "rows",
  "cols",
  "k0",
  "k1",
  "kind",
  "last",
  "rowsPerTask",
] as const satisfies (keyof RandomRows)[];

/** Bytes of the argument block. */
export const inputArgsBytes = fields.length * 4;

/**
 * Writes every input of the problem to its place, and tells how to write others there later.
 * @param args where the argument block lies
 */
export async function writeInputs<Op extends AnyOperator>(
  room: Room<Op>,
  memory: WebAssembly.Memory,
  args: number,
  pool: Pool,
  threads: number,
  simd: Simd,
): Promise<{ rewrite(next: Problem): void; detach(): void }> {
  const { module } = await loadKernel(new URL("./random.as.ts", import.meta.url), simd);
  // given inputs are copied: no kernel is needed for them
  let random: AttachedKernel | undefined;
  const attached = () => {
    random ??= pool.attach({ module, memory, entries: ["fill"], scratch: 0, scratchBytes: 0 }, threads);
    return random;
  };
  const inputs = new LayoutInputs(room, {
    view: (offset, count) => new Float32Array(memory.buffer, offset, count),
    fill(rows, tasks) {
      new Int32Array(memory.buffer, args, fields.length).set(fields.map((name) => rows[name]));
      attached().dispatch("fill", args, tasks);
    },
  });
  return { rewrite: (next) => inputs.rewrite(next), detach: () => random?.detach() };
}
