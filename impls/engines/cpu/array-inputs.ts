/** Inputs in arrays of the host, rewritten in place: what a kernel holds of them then has other values. */
import { type Change, changesBetween } from "../../change.js";
import { type AnyOperator, inputDtype, type Problem } from "../../operator.js";
import { matrixShape, writeRows } from "../../tensor.js";

export class ArrayInputs {
  private current: Problem;
  /** The values that were there before the last change, which the next one mostly wants back. */
  private kept: { readonly problem: Problem; readonly values: readonly Float32Array[] } | undefined;

  /** @param copies the same inputs as often as a kernel asked for them */
  constructor(
    private readonly operator: AnyOperator,
    problem: Problem,
    private readonly copies: readonly Readonly<Record<string, Float32Array | undefined>>[],
  ) {
    this.current = problem;
  }

  rewrite(next: Problem): void {
    const changes = changesBetween(this.current, next);
    const known = this.kept?.problem === next ? this.kept.values : undefined;
    const values = changes.map((change, i) => {
      const fresh = known?.[i] ?? this.make(change);
      const { first, count } = this.place(change);
      const live = this.copies.map((arrays) => arrays[change.name]!.subarray(first, first + count));
      for (const array of live.slice(1)) array.set(fresh);
      if (live[0]) swap(live[0], fresh);
      return fresh;
    });
    this.kept = { problem: this.current, values };
    this.current = next;
  }

  private place({ source, firstRow, rows }: Change): { first: number; count: number } {
    const { cols } = matrixShape(source);
    return { first: firstRow * cols, count: rows * cols };
  }

  private make(change: Change): Float32Array {
    const { name, source, firstRow, rows } = change;
    const values = new Float32Array(this.place(change).count);
    writeRows(source, inputDtype(this.operator, this.current, name), firstRow, rows, values);
    return values;
  }
}

const between = new Float32Array(4096);

/** In blocks: a second copy of the inputs is enough, a third would be one too many. */
function swap(a: Float32Array, b: Float32Array): void {
  for (let at = 0; at < a.length; at += between.length) {
    const part = a.subarray(at, at + between.length);
    between.set(part);
    part.set(b.subarray(at, at + between.length));
    b.set(between.subarray(0, part.length), at);
  }
}
