import type { AnyOperator, InputSpecs, Problem } from "../../operator.js";
import { streamKeys } from "../../random.js";
import { type Distribution, matrixShape, readerOf, type TensorSource } from "../../tensor.js";
import { loadKernel } from "./build.js";
import type { Pool } from "./pool.js";
import type { Room } from "./room.js";
import type { Simd } from "./simd.js";

/** In the order of `kind` in random.as.ts. */
const distributions: readonly Distribution[] = [
  "coherent",
  "signed",
  "signed8",
  "timeStep",
  "logDecay",
  "channelDecay",
  "longKernel",
];
const fields = ["to", "rows", "cols", "k0", "k1", "kind", "last", "rowsPerTask"] as const;

/** Writes every input of the problem to its place: random ones are made inside WebAssembly, given ones are copied. */
export async function writeInputs<Op extends AnyOperator>(
  room: Room<Op>,
  memory: WebAssembly.Memory,
  args: number,
  pool: Pool,
  threads: number,
  simd: Simd,
): Promise<void> {
  const { module } = await loadKernel(new URL("./random.as.ts", import.meta.url), simd);
  const random = pool.attach({ module, memory, entries: ["fill"], scratch: 0, scratchBytes: 0 }, threads);
  for (const name of Object.keys(room.operator.inputs as InputSpecs)) {
    const source = (room.problem.inputs as Problem["inputs"])[name];
    if (!source) continue;
    const to = room.address[name];
    if (source.kind === "given") {
      copy(source, new Float32Array(memory.buffer, to, source.data.length), room.dtype(name));
      continue;
    }
    const { rows, cols } = matrixShape(source);
    const { k0, k1 } = streamKeys(source.seed, source.distribution === "logDecay" ? "dt" : source.name);
    const rowsPerTask = Math.max(1, Math.floor(65536 / cols));
    const words = new Int32Array(memory.buffer, args, fields.length);
    words.set([
      to,
      rows,
      cols,
      k0,
      k1,
      distributions.indexOf(source.distribution),
      source.shape[source.shape.length - 1],
      rowsPerTask,
    ]);
    random.dispatch("fill", args, Math.ceil(rows / rowsPerTask));
  }
  random.detach();
}

/** Bytes of the argument block. */
export const inputArgsBytes = fields.length * 4;

function copy(source: TensorSource, to: Float32Array, dtype: "f32"): void {
  const { rows, cols, at } = readerOf(source, dtype);
  for (let row = 0, i = 0; row < rows; row++) for (let col = 0; col < cols; col++, i++) to[i] = at(row, col);
}
