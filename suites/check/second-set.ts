/**
 * Another set of inputs for a problem, with a truth of its own: a kernel whose inputs change under it between timed turns cannot give
 * again what it once computed.
 */
import { laneCoordinates } from "../../impls/lanes.js";
import type { AnyOperator, Lane, Problem } from "../../impls/operator.js";
import { hashAt, mix, streamKeys } from "../../impls/random.js";
import { elementCount, matrixShape, type RandomTensor, SEEDLESS } from "../../impls/tensor.js";
import { chooseLanes } from "./lanes.js";

export interface SecondSet {
  readonly problem: Problem;
  readonly lanes: readonly Lane[];
  /** Memory that a process of the host needs for it beside the first one, at most. */
  readonly bytes: number;
  /** For the row, e.g. "two sets" or "12 rows of X". */
  readonly what: string;
}

/** Share of the first set's reference that the second one's may cost. */
const SHARE = 1 / 4;
/** Fewest lanes, whatever they cost: nobody knows which. */
const FEWEST = 2;
/** Elements that are rewritten where two whole sets do not fit. */
const SLICE = 65_536;
/** A slice begins within so many rows: all that come after depend on it. */
const EARLY = 64;

/**
 * @param steps of float64 reference that the first set may cost
 * @param fits whether a process holds its inputs twice
 * @returns undefined where no input is random: given values have no second set
 */
export function secondSet(
  operator: AnyOperator,
  problem: Problem,
  steps: number,
  fits: boolean,
): SecondSet | undefined {
  const seed = mix(problem.seed ^ 0x2b0d5e7);
  if (fits) {
    const inputs = Object.entries(problem.inputs).map(([name, source]) => [
      name,
      source?.kind === "random" ? { ...source, seed: mix(source.seed ^ 0x2b0d5e7) } : source,
    ]);
    if (!Object.values(problem.inputs).some((source) => source && drawn(source))) return undefined;
    const other = { ...problem, seed, inputs: Object.fromEntries(inputs) };
    const lanes = someLanes(operator, other, steps, () => true);
    return { problem: other, lanes, bytes: inputBytes(problem), what: "two sets" };
  }
  const byRow = (operator.laneAxes as readonly string[]).includes("length");
  const name = largestInput(problem, byRow);
  if (name === undefined) return undefined;
  const source = problem.inputs[name] as RandomTensor;
  const { rows, cols } = matrixShape(source);
  const perBatch = rows / problem.dims.batch;
  const wanted = Math.min(perBatch, Math.max(1, Math.floor(SLICE / cols)));
  const firstRow = byRow
    ? 0
    : hashAt(streamKeys(seed, "slice"), 0, 0) % Math.min(EARLY, perBatch - wanted + 1);
  const patch = { seed: mix(source.seed ^ 0x2b0d5e7), firstRow, rows: wanted };
  const other = { ...problem, seed, inputs: { ...problem.inputs, [name]: { ...source, patch } } };
  const sees = (lane: Lane) => {
    const { batch = 0, length } = laneCoordinates(operator, problem, lane);
    // a first query sees one key alone, whatever it is
    return batch === 0 && (length === undefined || (length > 0 && length < wanted));
  };
  return {
    problem: other,
    lanes: someLanes(operator, other, steps, sees),
    bytes: 4 * wanted * cols,
    what: `${wanted} rows of ${name}`,
  };
}

/** As the host holds them, in f32 whatever the storage type. */
function inputBytes({ inputs }: Problem): number {
  return Object.values(inputs).reduce(
    (sum, source) => sum + (source ? 4 * elementCount(source.shape) : 0),
    0,
  );
}

function drawn(source: NonNullable<Problem["inputs"][string]>): boolean {
  return source.kind === "random" && !SEEDLESS.includes(source.distribution);
}

/**
 * Of equal ones the first where a row of it decides a row of outputs (queries), the last where all that comes after depends on it. Never
 * keys or values: a softmax may not see them.
 */
function largestInput({ inputs }: Problem, byRow: boolean): string | undefined {
  const sizes = Object.entries(inputs).flatMap(([name, source]) =>
    source && drawn(source) && source.axes[0] === "batch" && source.axes.length > 2 && !isCache(source)
      ? [{ name, size: elementCount(source.shape) }]
      : [],
  );
  const most = Math.max(0, ...sizes.map(({ size }) => size));
  const isLargest = ({ size }: { readonly size: number }) => size === most;
  return (byRow ? sizes.find(isLargest) : sizes.findLast(isLargest))?.name;
}

function isCache({ axes }: NonNullable<Problem["inputs"][string]>): boolean {
  return axes.includes("context");
}

/** All that the first set would check where a share of its cost pays for them, else some of them, drawn from the seed. */
function someLanes(
  operator: AnyOperator,
  problem: Problem,
  steps: number,
  sees: (lane: Lane) => boolean,
): Lane[] {
  const { lanes } = chooseLanes(operator, problem, steps * SHARE);
  const useful = lanes.filter(sees);
  const affordable = Math.max(FEWEST, Math.floor((steps * SHARE) / operator.laneCost(problem)));
  if (useful.length <= affordable) return useful;
  const keys = streamKeys(problem.seed, "second lanes");
  return useful
    .map((lane, i) => ({ lane, i, draw: hashAt(keys, 0, i) }))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, affordable)
    .sort((a, b) => a.i - b.i)
    .map(({ lane }) => lane);
}
