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
   * @param mostBytes kept; where a change has more, making its values again costs less than memory for them
   */
  constructor(
    problem: Problem,
    private readonly places: (change: Change) => readonly Float32Array[],
    private readonly make: (change: Change, places: readonly Float32Array[]) => void,
    private readonly mostBytes = Number.POSITIVE_INFINITY,
  ) {
    this.current = problem;
  }

  rewrite(next: Problem): void {
    const changes = changesBetween(this.current, next);
    const bytes = changes.reduce((sum, change) => sum + 4 * extentOf(change).count, 0);
    if (bytes > this.mostBytes) this.makeAll(changes);
    else this.exchange(changes, next);
    this.current = next;
  }

  private makeAll(changes: readonly Change[]): void {
    this.kept = undefined;
    for (const change of changes) {
      const places = this.places(change);
      if (places.length === 0) continue;
      this.make(change, places);
      for (const other of places.slice(1)) other.set(places[0]);
    }
  }

  private exchange(changes: readonly Change[], next: Problem): void {
    const known = this.kept?.problem === next ? this.kept.values : undefined;
    const values = changes.map((change, i) => {
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
