/** Inputs of a problem where they lie in one memory of the host: random ones by the engine's own code, given ones are copied. */
import type { Change } from "../../change.js";
import type { AnyOperator, InputSpecs, Problem } from "../../operator.js";
import {
  type Distribution,
  matrixShape,
  type RandomTensor,
  streamOf,
  stretchesOf,
  writeRows,
} from "../../tensor.js";
import { threadsHere } from "../platform.js";
import { extentOf, KeptInputs } from "./kept-inputs.js";
import type { Layout } from "./layout.js";

/** The numbers by which engines' kernels know the distributions. */
const distributions: readonly Distribution[] = [
  "coherent",
  "signed",
  "signed8",
  "timeStep",
  "logDecay",
  "channelDecay",
  "longKernel",
  "weight",
  "stepBias",
  "logIndex",
];

/** Rows of a random tensor that come of one seed. */
export interface RandomRows {
  /** Offset of the first row to write. */
  readonly to: number;
  readonly row0: number;
  readonly rows: number;
  readonly cols: number;
  readonly k0: number;
  readonly k1: number;
  /** Index in `distributions`. */
  readonly kind: number;
  /** Size of the last axis. */
  readonly last: number;
  readonly rowsPerTask: number;
}

/** Of inputs that others took the place of: all cores make more than this again in the time that fresh memory for it costs. */
const MOST_KEPT = 2 ** 26;

/** Making inputs of this size takes longer than starting a thread. */
const LARGE_BYTES = 2 ** 26;

/** Threads that make the inputs: that is outside of what is timed, so all cores for long ones, however many the kernel gets. */
export function handsFor(bytes: number, threads: number): number {
  return bytes < LARGE_BYTES ? threads : threadsHere();
}

/** What an engine does for its inputs. */
export interface InputMemory {
  /** Floats from an offset of the layout on. */
  view(offset: number, count: number): Float32Array;
  /** random.ts bit for bit, in tasks of `rowsPerTask` rows. */
  fill(rows: RandomRows, tasks: number): void;
}

/** Writes every input of the problem to its place, and others there later. */
export class LayoutInputs<Op extends AnyOperator> {
  private readonly kept: KeptInputs;

  constructor(
    private readonly layout: Layout<Op>,
    private readonly memory: InputMemory,
  ) {
    this.kept = new KeptInputs(
      layout.problem as Problem,
      (change) => [this.place(change)],
      (change) => this.write(change),
      MOST_KEPT,
    );
    const { inputs } = layout.problem as Problem;
    for (const name of Object.keys(layout.operator.inputs as InputSpecs)) {
      const source = inputs[name];
      if (source) this.write({ name, source, firstRow: 0, rows: matrixShape(source).rows });
    }
    this.follow();
  }

  rewrite(next: Problem): void {
    this.kept.rewrite(next);
    this.follow();
  }

  /** What is made of the inputs that now lie there. */
  private follow(): void {
    const { view } = this.memory;
    for (const { from, to, make } of this.layout.made)
      make(view(to.start, to.count), view(from.start, from.count));
  }

  private write(change: Change): void {
    const { name, source, firstRow, rows } = change;
    if (source.kind === "random") this.fill(change, source);
    else writeRows(source, this.layout.dtype(name), firstRow, rows, this.place(change));
  }

  private place(change: Change): Float32Array {
    const { first, count } = extentOf(change);
    return this.memory.view(this.layout.address[change.name] + first * 4, count);
  }

  /** What of each stretch of one seed lies in the rows of a change. */
  private fill(change: Change, source: RandomTensor): void {
    const { cols } = matrixShape(source);
    const rowsPerTask = Math.max(1, Math.floor(65536 / cols));
    for (const stretch of stretchesOf(source)) {
      const row0 = Math.max(change.firstRow, stretch.firstRow);
      const rows = Math.min(change.firstRow + change.rows, stretch.firstRow + stretch.rows) - row0;
      if (rows <= 0) continue;
      const to = this.layout.address[change.name] + row0 * cols * 4;
      const { k0, k1 } = streamOf(source, stretch.seed);
      const kind = distributions.indexOf(source.distribution);
      const last = source.shape[source.shape.length - 1];
      this.memory.fill(
        { to, row0, rows, cols, k0, k1, kind, last, rowsPerTask },
        Math.ceil(rows / rowsPerTask),
      );
    }
  }
}
