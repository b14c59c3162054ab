/**
 * Another set of inputs for the same problem: what must be rewritten to get from one to the other. Shapes, layouts and settings stay.
 */
import type { Problem } from "./operator.js";
import { matrixShape, SEEDLESS, type Stretch, stretchesOf, type TensorSource } from "./tensor.js";

/** Rows of one input whose values differ. */
export interface Change {
  readonly name: string;
  /** The input as it shall be. */
  readonly source: TensorSource;
  readonly firstRow: number;
  readonly rows: number;
}

/** @throws where the problems differ in more than the values of random inputs */
export function changesBetween(from: Problem, to: Problem): Change[] {
  const changes: Change[] = [];
  for (const [name, before] of Object.entries(from.inputs)) {
    const source = to.inputs[name];
    if (before === source || before === undefined || areEqual(before, source)) continue;
    if (source?.kind !== "random" || before.kind !== "random" || before.shape.join() !== source.shape.join())
      throw new Error(
        `${to.operator}: ${name} cannot be rewritten in place: it is not the same random tensor`,
      );
    // a function of the indices alone: every seed gives the same
    if (SEEDLESS.includes(source.distribution)) continue;
    const rows = differingRows(stretchesOf(before), stretchesOf(source), matrixShape(source).rows);
    if (rows) changes.push({ name, source, ...rows });
  }
  return changes;
}

/** Given values that are the same in both, e.g. ids of documents: a copy in another process is another object. */
function areEqual(before: TensorSource, source: TensorSource | undefined): boolean {
  if (before.kind !== "given" || source?.kind !== "given") return false;
  return (
    before.data.length === source.data.length && before.data.every((value, i) => value === source.data[i])
  );
}

/** The shortest run of rows outside of which both come of the same seeds. */
function differingRows(
  before: readonly Stretch[],
  after: readonly Stretch[],
  rows: number,
): { firstRow: number; rows: number } | undefined {
  const edges = [...before, ...after].map(({ firstRow }) => firstRow).concat(rows);
  const sorted = [...new Set(edges)].sort((a, b) => a - b);
  const seedAt = (stretches: readonly Stretch[], row: number) =>
    stretches.findLast(({ firstRow }) => firstRow <= row)?.seed;
  const differing = sorted.slice(0, -1).filter((row) => seedAt(before, row) !== seedAt(after, row));
  if (differing.length === 0) return undefined;
  const firstRow = differing[0];
  const end = sorted[sorted.indexOf(differing[differing.length - 1]) + 1];
  return { firstRow, rows: end - firstRow };
}
