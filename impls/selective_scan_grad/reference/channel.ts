/** One channel of one batch as the reference walks it: its inputs in float64, a token a row. */
import { beginsAnew } from "../../documents.js";
import type { Problem } from "../../operator.js";
import { stepOf, stepRoundings, stepSlope } from "../../recurrence/step.js";
import type { Reader } from "../../tensor.js";

export interface Channel {
  readonly b: number;
  /** Its place among the channels of its group. */
  readonly place: number;
  /** h headDim + p */
  readonly channel: number;
  /** (length): the raw u, u times the step, dY, dY times the gate. */
  readonly u: Float64Array;
  readonly x: Float64Array;
  readonly dY: Float64Array;
  readonly dy: Float64Array;
  readonly z: Float64Array | undefined;
  readonly steps: readonly Step[];
  /** (state) */
  readonly A: Float64Array;
  /** B and C at a token, (state). */
  B(t: number): Float64Array;
  C(t: number): Float64Array;
}

export interface Step {
  readonly step: number;
  readonly roundings: number;
  /** d step / d delta, and its argument. */
  readonly slope: number;
  readonly raw: number;
  /** Nothing from before reaches the token. */
  readonly anew: boolean;
}

export function readChannel(
  problem: Problem,
  read: (name: string) => Reader | undefined,
  b: number,
  group: number,
  place: number,
): Channel {
  const { length, heads, groups, headDim, state } = problem.dims;
  const channel = group * (heads / groups) * headDim + place;
  const column = (name: string) => {
    const reader = read(name);
    return reader && Float64Array.from({ length }, (_, t) => reader.at(b * length + t, channel));
  };
  const rows = (name: string) => {
    const reader = read(name)!;
    const isConstant = problem.inputs[name]!.axes[0] !== "batch";
    const [count, row0, first] = isConstant ? [1, 0, channel] : [length, b * length, group];
    const values = Float64Array.from({ length: count * state }, (_, i) =>
      reader.at(row0 + Math.floor(i / state), first * state + (i % state)),
    );
    return (t: number) => values.subarray(isConstant ? 0 : t * state, (isConstant ? 1 : t + 1) * state);
  };
  const settings = { softplus: problem.settings.softplus === true, dtMin: 0, dtMax: 0 };
  const [bias, documents] = [read("deltaBias"), read("documents")];
  const delta = column("delta")!;
  const steps = Array.from(delta, (value, t): Step => {
    const raw = value + (bias?.at(0, channel) ?? 0);
    return {
      step: stepOf(raw, settings),
      roundings: stepRoundings(raw, bias !== undefined, settings.softplus),
      slope: stepSlope(raw, settings),
      raw,
      anew: documents !== undefined && beginsAnew(documents, b, length, t),
    };
  });
  const u = column("u")!;
  const dY = column("dY")!;
  const z = column("z");
  const A = read("A")!;
  return {
    b,
    place,
    channel,
    u,
    x: u.map((value, t) => value * steps[t].step),
    dY,
    dy: z ? dY.map((value, t) => (value * z[t]) / (1 + Math.exp(-z[t]))) : dY,
    z,
    steps,
    A: Float64Array.from({ length: state }, (_, n) => A.at(0, channel * state + n)),
    B: rows("B"),
    C: rows("C"),
  };
}
