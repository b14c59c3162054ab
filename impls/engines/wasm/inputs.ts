import type { Change } from "../../change.js";
import type { AnyOperator, InputSpecs, Problem } from "../../operator.js";
import {
  type Distribution,
  matrixShape,
  type RandomTensor,
  type Stretch,
  streamOf,
  stretchesOf,
  writeRows,
} from "../../tensor.js";
import { extentOf, KeptInputs } from "../cpu/kept-inputs.js";
import { loadKernel } from "./build.js";
import type { AttachedKernel, Pool } from "./pool.js";
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
const fields = ["to", "row0", "rows", "cols", "k0", "k1", "kind", "last", "rowsPerTask"] as const;

/** Of inputs that others took the place of: all cores make more than this again in the time that fresh memory for it costs. */
const MOST_KEPT = 2 ** 26;

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
): Promise<InputWriter<Op>> {
  const { module } = await loadKernel(new URL("./random.as.ts", import.meta.url), simd);
  const random = pool.attach({ module, memory, entries: ["fill"], scratch: 0, scratchBytes: 0 }, threads);
  const writer = new InputWriter(room, memory, args, random);
  writer.writeAll();
  return writer;
}

/** Makes the inputs of a problem where they lie in one memory: random ones by WebAssembly, given ones are copied. */
class InputWriter<Op extends AnyOperator> {
  private readonly kept: KeptInputs;

  constructor(
    private readonly room: Room<Op>,
    private readonly memory: WebAssembly.Memory,
    private readonly args: number,
    private readonly random: AttachedKernel,
  ) {
    this.kept = new KeptInputs(
      room.problem as Problem,
      (change) => [this.place(change)],
      (change) => this.write([change]),
      MOST_KEPT,
    );
  }

  writeAll(): void {
    const inputs = (this.room.problem as Problem).inputs;
    const all = Object.keys(this.room.operator.inputs as InputSpecs).flatMap((name) => {
      const source = inputs[name];
      return source ? [{ name, source, firstRow: 0, rows: matrixShape(source).rows }] : [];
    });
    this.write(all);
  }

  rewrite(next: Problem): void {
    this.kept.rewrite(next);
  }

  detach(): void {
    this.random.detach();
  }

  private write(changes: readonly Change[]): void {
    for (const change of changes) {
      const { name, source, firstRow, rows } = change;
      if (source.kind === "random") {
        for (const stretch of stretchesOf(source)) this.fill(change, source, stretch);
        continue;
      }
      writeRows(source, this.room.dtype(name), firstRow, rows, this.place(change));
    }
  }

  private place(change: Change): Float32Array {
    const { first, count } = extentOf(change);
    return new Float32Array(this.memory.buffer, this.room.address[change.name] + first * 4, count);
  }

  /** What of a stretch lies in the rows of a change. */
  private fill(change: Change, source: RandomTensor, stretch: Stretch): void {
    const { cols } = matrixShape(source);
    const row0 = Math.max(change.firstRow, stretch.firstRow);
    const rows = Math.min(change.firstRow + change.rows, stretch.firstRow + stretch.rows) - row0;
    if (rows <= 0) return;
    const { k0, k1 } = streamOf(source, stretch.seed);
    const rowsPerTask = Math.max(1, Math.floor(65536 / cols));
    new Int32Array(this.memory.buffer, this.args, fields.length).set([
      this.room.address[change.name] + row0 * cols * 4,
      row0,
      rows,
      cols,
      k0,
      k1,
      distributions.indexOf(source.distribution),
      source.shape[source.shape.length - 1],
      rowsPerTask,
    ]);
    this.random.dispatch("fill", this.args, Math.ceil(rows / rowsPerTask));
  }
}
