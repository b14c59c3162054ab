/** One channel of one batch as the reference walks it: its inputs in float64, a token a row. */
import { beginsAnew } from "../../documents.js";
import type { Problem } from "../../operator.js";
import { segmentLength } from "../../recurrence/gradient-states.js";
import { largest } from "../../recurrence/gradient-sums.js";
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
  readonly B: ReturnType<Rows>;
  readonly C: ReturnType<Rows>;
  /** exp(step A) at a token, (state); good until a segment of other tokens has been asked for. */
  decays(t: number): Float64Array;
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

/** a_n of a token, 0 where nothing from before reaches it. */
export function decayOf({ step, anew }: Step, A: number): number {
  return anew ? 0 : Math.exp(step * A);
}

/** Those of the last `kept` tokens that were asked for, where they follow one another: exponentials are most of a walk's time. */
function keptDecays(steps: readonly Step[], A: Float64Array, kept: number): Channel["decays"] {
  const state = A.length;
  const values = new Float64Array(kept * state);
  const tokens = new Int32Array(kept).fill(-1);
  return (t) => {
    const slot = t % kept;
    const row = values.subarray(slot * state, (slot + 1) * state);
    if (tokens[slot] === t) return row;
    tokens[slot] = t;
    for (let n = 0; n < state; n++) row[n] = decayOf(steps[t], A[n]);
    return row;
  };
}

/** B or C of one group or, where it is constant, of one channel: its (state) at a token, and its largest magnitude. */
type Rows = (channel: number) => { at(t: number): Float64Array; readonly largest: number };

/** Read once for all channels of a group. */
export function readRows(
  problem: Problem,
  read: (name: string) => Reader | undefined,
  name: "B" | "C",
  b: number,
  group: number,
): Rows {
  const { length, state } = problem.dims;
  const reader = read(name)!;
  const values = (rows: number, row0: number, first: number) => {
    const all = new Float64Array(rows * state);
    for (let row = 0, i = 0; row < rows; row++)
      for (let n = 0; n < state; n++, i++) all[i] = reader.at(row0 + row, first * state + n);
    return all;
  };
  if (problem.inputs[name]!.axes[0] !== "batch")
    return (channel) => {
      const constant = values(1, 0, channel);
      return { at: () => constant, largest: largest(constant) };
    };
  const all = values(length, b * length, group);
  const rows = {
    at: (t: number) => all.subarray(t * state, (t + 1) * state),
    largest: largest(all),
  };
  return () => rows;
}

export function readChannel(
  problem: Problem,
  read: (name: string) => Reader | undefined,
  [B, C]: readonly [B: Rows, C: Rows],
  b: number,
  group: number,
  place: number,
): Channel {
  const { length, heads, groups, headDim, state } = problem.dims;
  const channel = group * (heads / groups) * headDim + place;
  const column = (name: string) => {
    const reader = read(name);
    if (!reader) return undefined;
    const values = new Float64Array(length);
    for (let t = 0; t < length; t++) values[t] = reader.at(b * length + t, channel);
    return values;
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
  const rates = read("A")!;
  const A = new Float64Array(state);
  for (let n = 0; n < state; n++) A[n] = rates.at(0, channel * state + n);
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
    A,
    B: B(channel),
    C: C(channel),
    decays: keptDecays(steps, A, segmentLength(length)),
  };
}
