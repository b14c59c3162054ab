/** One head of one batch as the reference walks it: its inputs in float64, a token a row. */
import { beginsAnew } from "../../documents.js";
import type { Problem } from "../../operator.js";
import { type StepSettings, stepOf, stepRoundings, stepSlope } from "../../recurrence/step.js";
import type { Reader } from "../../tensor.js";

export interface Head {
  readonly b: number;
  /** Its place in the group. */
  readonly j: number;
  readonly head: number;
  /** (length, headDim): the raw X, X times the step, dY times the gate. */
  readonly X: Float64Array;
  readonly x: Float64Array;
  readonly dY: Float64Array;
  readonly dy: Float64Array;
  readonly z: Float64Array | undefined;
  /** (length, state) */
  readonly B: Float64Array;
  readonly C: Float64Array;
  readonly steps: readonly Step[];
}

/** What a token does to the state, with the roundings behind it, relative to each. */
export interface Step {
  /** exp(l); 0 where nothing from before reaches the token. */
  readonly a: number;
  /** |l|, 0 where a is. */
  readonly absL: number;
  readonly step: number;
  readonly roundings: number;
  /** Roundings of l. */
  readonly ofLog: number;
  /** d step / d dt, and what it is without the limits where rounding may put the step on their other side. */
  readonly slope: number;
  readonly inDoubt: number;
  /** The raw argument of the softplus. */
  readonly raw: number;
}

/** Roundings that may move a step across a limit: those of the coarsest roundoff an engine declares. */
const COARSEST = 2 ** -22;

export function readHead(
  problem: Problem,
  read: (name: string) => Reader | undefined,
  b: number,
  group: number,
  j: number,
): Head {
  const { length, heads, groups, headDim, state } = problem.dims;
  const head = (group * heads) / groups + j;
  const rows = (name: string, width: number, first: number) => {
    const reader = read(name);
    if (!reader) return undefined;
    const values = new Float64Array(length * width);
    for (let t = 0, i = 0; t < length; t++)
      for (let k = 0; k < width; k++, i++) values[i] = reader.at(b * length + t, first + k);
    return values;
  };
  const channels = (name: string) => rows(name, headDim, head * headDim);
  const X = channels("X")!;
  const dY = channels("dY")!;
  const z = channels("z");
  const steps = stepsOf(problem, read, b, head);
  return {
    b,
    j,
    head,
    X,
    dY,
    z,
    x: X.map((value, i) => value * steps[Math.floor(i / headDim)].step),
    dy: z ? dY.map((value, i) => (value * z[i]) / (1 + Math.exp(-z[i]))) : dY,
    B: rows("B", state, group * state)!,
    C: rows("C", state, group * state)!,
    steps,
  };
}

function stepsOf(
  problem: Problem,
  read: (name: string) => Reader | undefined,
  b: number,
  head: number,
): Step[] {
  const { length } = problem.dims;
  const [logA, dt, bias, documents] = ["logA", "dt", "dtBias", "documents"].map(read);
  const settings = problem.settings as unknown as StepSettings;
  const limits = settings.dtMin > 0 || settings.dtMax > 0 ? 1 : 0;
  const perHead = problem.inputs.logA!.axes.length === 1;
  return Array.from({ length }, (_, t) => {
    const row = b * length + t;
    const raw = dt ? dt.at(row, head) + (bias?.at(0, head) ?? 0) : 1;
    const step = dt ? stepOf(raw, settings) : 1;
    const roundings = dt ? stepRoundings(raw, bias !== undefined, settings.softplus === true) + limits : 0;
    const l = perHead ? step * logA!.at(0, head) : logA!.at(row, head);
    const anew = documents !== undefined && beginsAnew(documents, b, length, t);
    const a = anew ? 0 : Math.exp(l);
    const free = stepSlope(raw, { ...settings, dtMin: 0, dtMax: 0 });
    const isNear = (limit: number) =>
      limit > 0 &&
      Math.abs(stepOf(raw, { ...settings, dtMin: 0, dtMax: 0 }) - limit) <= COARSEST * roundings * limit;
    return {
      a,
      absL: a === 0 ? 0 : Math.abs(l),
      step,
      roundings,
      ofLog: perHead ? roundings + 1 : 0,
      slope: stepSlope(raw, settings),
      inDoubt: isNear(settings.dtMin) || isNear(settings.dtMax) ? free : 0,
      raw,
    };
  });
}
