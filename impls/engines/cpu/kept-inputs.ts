/** Inputs in memory of the host, rewritten in place: what a kernel holds of them then has other values. */
import { type Change, changesBetween } from "../../change.js";
import type { Problem } from "../../operator.js";
import { matrixShape } from "../../tensor.js";

/** Elements of a change in C order. */
export function extentOf({ source, firstRow, rows }: Change): {
  readonly first: number;
  readonly count: number;
} {
  const { cols } = matrixShape(source);
  return { first: firstRow * cols, count: rows * cols };
}

export class KeptInputs {
  private current: Problem;
  /** The values that were there before the last change, which the next one mostly wants back. */
  private kept: { readonly problem: Problem; readonly values: readonly Float32Array[] } | undefined;

  /**
   * @param places where the elements of a change lie: as often as a kernel asked for its inputs
   * @param make writes new values to those places
   */
  constructor(
    problem: Problem,
    private readonly places: (change: Change) => readonly Float32Array[],
    private readonly make: (change: Change, places: readonly Float32Array[]) => void,
  ) {
    this.current = problem;
  }

  rewrite(next: Problem): void {
    const known = this.kept?.problem === next ? this.kept.values : undefined;
    const values = changesBetween(this.current, next).map((change, i) => {
      const places = this.places(change);
      const [first, ...others] = places;
      if (!first) return new Float32Array();
      const values = known?.[i] ?? first.slice();
      if (known) swap(first, values);
      else this.make(change, places);
      for (const other of others) other.set(first);
      return values;
    });
    this.kept = { problem: this.current, values };
    this.current = next;
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
