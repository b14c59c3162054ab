/** What a larger case of a curve will take, from its smaller ones: a straight line through logarithms. */
import { type AnyOperator, inputDtype, outputNames, outputSize, type Problem } from "../../impls/operator.js";
import { elementCount } from "../../impls/tensor.js";

export interface Point {
  /** Size of the case: the operator's own count of operations. */
  readonly x: number;
  readonly y: number;
}

/** The last few points say how the curve grows now; earlier ones still hold start-up costs. */
const POINTS = 3;
/** Quadratic forms of a linear map grow as the square of its least operations, nothing here faster: a steeper line is noise. */
const STEEPEST = 2;

/**
 * Least-squares line in log-log through the last points up to x; larger ones say nothing of what a smaller case needs, and may lie on
 * another kernel's part of the curve. Never below the largest smaller case: a curve that seems to fall is noise.
 * @returns undefined where fewer than two points are smaller: one says nothing of growth
 */
export function extrapolate(points: readonly Point[], x: number): number | undefined {
  const known = smaller(points, x);
  return known.length < 2 ? undefined : continued(known, logSlope(known), x);
}

/** For plans, where a guess is better than none: after one smaller point, growth in proportion to the operations. */
function guess(points: readonly Point[], x: number): number | undefined {
  const known = smaller(points, x);
  return known.length === 1 ? continued(known, 1, x) : extrapolate(points, x);
}

function smaller(points: readonly Point[], x: number): Point[] {
  return points
    .filter((point) => point.x > 0 && point.x <= x && point.y > 0)
    .sort((a, b) => a.x - b.x)
    .slice(-POINTS);
}

function continued(known: readonly Point[], slope: number, x: number): number {
  const last = known[known.length - 1];
  return last.y * Math.max(1, (x / last.x) ** Math.min(slope, STEEPEST));
}

/** Growth exponent; two points at one place have none, and count as proportional. */
export function logSlope(points: readonly Point[]): number {
  const xs = points.map(({ x }) => Math.log(x));
  const ys = points.map(({ y }) => Math.log(y));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  if (spread === 0) return 1;
  return xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i] - my), 0) / spread;
}

/** Of a kernel that has not run yet: 5 GFLOP/s. */
const USUAL_NS_PER_FLOP = 0.2;

/** A reference step in JavaScript, before one was timed: a few multiply-adds and a share of making the inputs. */
const NS_PER_STEP = 40;
const ENOUGH_STEPS = 1e6;

/** What a prediction needs to know of a case. */
export interface Sized {
  readonly curves: readonly string[];
  readonly lineage: string;
  readonly work: number;
  readonly operator: AnyOperator;
  readonly problem: Problem;
}

/** Times and memory seen so far, by curve. */
export class History {
  private readonly times = new Map<string, Point[]>();
  private readonly memory = new Map<string, Point[]>();

  add({ curves, lineage, work }: Sized, { runNs, bytes }: { runNs: number; bytes: number }): void {
    append(this.times, lineage, { x: work, y: runNs });
    for (const curve of curves) {
      append(this.times, curve, { x: work, y: runNs });
      append(this.memory, curve, { x: work, y: bytes });
    }
  }

  /** Time of one run; undefined when nothing smaller of any of its curves has run. */
  timeNs({ curves, work }: Sized): number | undefined {
    const guesses = curves.flatMap((curve) => guess(this.times.get(curve) ?? [], work) ?? []);
    return guesses.length > 0 ? Math.max(...guesses) : undefined;
  }

  /** The same, where nothing smaller of its curves has run, from other curves of the implementation. */
  relatedNs(sized: Sized): number | undefined {
    return this.timeNs(sized) ?? guess(this.times.get(sized.lineage) ?? [], sized.work);
  }

  /** For the order of work and what to keep for it: from all that the implementation ran, or as kernels usually are. */
  guessNs(sized: Sized): number {
    return this.relatedNs(sized) ?? sized.work * USUAL_NS_PER_FLOP;
  }

  /** Memory held; at least that of inputs and outputs. */
  bytes({ curves, work, problem, operator }: Sized): number {
    const least = problemBytes(operator, problem);
    const guesses = curves.flatMap((curve) => guess(this.memory.get(curve) ?? [], work) ?? []);
    return Math.max(least, ...guesses);
  }
}

/** What the references of problems will take, from those of the same operator that were computed. */
export class ReferenceCost {
  private readonly nsPerStep = new Map<string, number>();
  private readonly steps = new Map<Problem, number>();

  /** @param lanes how many lanes of a problem are held against its reference */
  constructor(private readonly lanes: (operator: AnyOperator, problem: Problem) => number) {}

  add({ operator, problem }: Pick<Sized, "operator" | "problem">, ns: number): void {
    const steps = this.stepsOf(operator, problem);
    // small ones mostly tell how long a process takes to start
    if (steps >= ENOUGH_STEPS) this.nsPerStep.set(operator.name, ns / steps);
  }

  ns({ operator, problem }: Pick<Sized, "operator" | "problem">): number {
    return this.stepsOf(operator, problem) * (this.nsPerStep.get(operator.name) ?? NS_PER_STEP);
  }

  private stepsOf(operator: AnyOperator, problem: Problem): number {
    const known = this.steps.get(problem);
    if (known !== undefined) return known;
    const steps = operator.laneCost(problem) * this.lanes(operator, problem);
    this.steps.set(problem, steps);
    return steps;
  }
}

function append(map: Map<string, Point[]>, key: string, point: Point): void {
  map.set(key, [...(map.get(key) ?? []), point]);
}

/** Bytes of the largest input or output in its storage type. */
export function largestTensorBytes(operator: AnyOperator, problem: Problem): number {
  const wide = { f64: 8, f32: 4, f16: 2, bf16: 2 } as const;
  const inputs = Object.entries(problem.inputs).map(([name, source]) =>
    source ? elementCount(source.shape) * wide[inputDtype(operator, problem, name)] : 0,
  );
  const outputs = outputNames(operator, problem as Problem).map(
    (name) => outputSize(operator, problem, name) * wide[problem.dtype],
  );
  return Math.max(...inputs, ...outputs);
}

/** Inputs and outputs as f32, which host engines hold whatever the storage type. */
export function problemBytes(operator: AnyOperator, problem: Problem): number {
  const inputs = Object.values(problem.inputs).map((source) => (source ? elementCount(source.shape) : 0));
  const outputs = outputNames(operator, problem as Problem).map((name) =>
    outputSize(operator, problem, name),
  );
  return 4 * [...inputs, ...outputs].reduce((sum, size) => sum + size, 0);
}
