/**
 * Float64 truth of mamba3: the recurrence as the paper states it, run beside its error recurrences (README.md, "The bound").
 *
 *   S <- a (S + b v k') + c v k'    before, beside the token before it: b = (1 - lambda) dt, c = lambda dt, a = exp(logA)
 *   M <- a (M + |b v| |k|') + |c v| |k|'     the scale; |k| the length of a rotated pair on absolute values
 *   G, H                            roundings so far, as ssd has them, with those of the rotation and of lambda
 */
import { type Bounds, emptyBounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { groupOf, type Recurrences, stateBounds, writeOutput } from "../recurrence/bound.js";
import { addSkipBound, gateBound } from "../recurrence/epilogue.js";
import { nothingRepeated, productError } from "../recurrence/repeated.js";
import { ANGLE, Rotation } from "./reference/rotation.js";

export type Output = "Y" | "finalAngles" | "finalState" | "finalK" | "finalV";

/** Roundings of an output's or a state's last steps. */
const OWN_ROUNDINGS = 12;
/** Those of a rotated, biased key or query, in units of its pair's length: bias 1, sine and cosine with their argument 12, turn 2. */
const ROTATION = 16;
/** Those of lambda and of 1 - lambda, absolutely: both lie in [0, 1], whichever is made of the other. */
const LAMBDA = 5;

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<Output>> {
  const heads = new Map<string, Lane[]>();
  for (const lane of lanes) {
    const { batch, heads: head } = laneCoordinates(operator, problem, lane);
    const key = `${batch} ${head}`;
    heads.set(key, [...(heads.get(key) ?? []), lane]);
  }
  for (const company of heads.values()) yield* oneHead(operator, problem, company);
}

/** One channel's running state. */
interface Walk extends Recurrences {
  readonly lane: Lane;
  readonly p: number;
  readonly maxInitial: number;
  /** Value of the token before. */
  v: number;
  maxV: number;
  maxK: number;
  steps: number;
}

function* oneHead(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<Output>> {
  const { length, headDim, state } = problem.dims;
  const read = (name: string) => inputReader(operator, problem, name);
  const [V, logA, dt, trap] = ["V", "logA", "dt", "trap"].map((name) => read(name)!);
  const [D, z] = [read("D"), read("z")];
  const { batch, heads: head } = laneCoordinates(operator, problem, lanes[0]);
  const rotation = new Rotation(problem, read, batch, head, groupOf(problem, head));
  const { key, query } = rotation;
  const walks = lanes.map((lane) => startWalk(operator, problem, lane, read));
  const before = { value: new Float64Array(state), length: new Float64Array(state) };
  const initialK = read("initialK");
  if (initialK) {
    for (let n = 0; n < state; n++) before.value[n] = initialK.at(batch, head * state + n);
    before.length.set(before.value.map(Math.abs));
  }

  for (let t = 0; t < length; t++) {
    const row = batch * length + t;
    rotation.advance(row);
    const l = logA.at(row, head);
    const step = dt.at(row, head);
    const lambda = 1 / (1 + Math.exp(-trap.at(row, head)));
    // not 1 - lambda, which cancels
    const rest = 1 / (1 + Math.exp(trap.at(row, head)));
    for (const walk of walks) {
      const v = V.at(row, head * headDim + walk.p);
      add(walk, rest * step, step, walk.v, before.value, before.length);
      decay(walk, l);
      add(walk, lambda * step, step, v, key.value, key.length);
      walk.v = v;
      walk.steps += 2;
      writeOutput(walk, t, query.length, floorOf(walk), OWN_ROUNDINGS + ROTATION);
      walk.Y.value[t] = query.value.reduce((sum, q, n) => sum + q * walk.S[n], 0);
      walk.Y.tokens![t] = t + 1;
      let promised = 2 * ANGLE * rotation.swing * walk.Y.scale[t];
      if (D) addSkipBound(walk.Y, t, D.at(0, head) * v, Math.abs(D.at(0, head) * v));
      if (z) {
        const gate = z.at(row, head * headDim + walk.p);
        gateBound(walk.Y, t, gate);
        promised *= Math.abs(gate / (1 + Math.exp(-gate)));
      }
      walk.Y.promised![t] = promised;
    }
    before.value.set(key.value);
    before.length.set(key.length);
  }
  const finalAngles = rotation.angles();
  const finalK = rotation.keyBounds(ROTATION);
  for (const walk of walks) {
    const finalState = stateBounds(walk, floorOf(walk), OWN_ROUNDINGS);
    const outputs = {
      Y: walk.Y,
      finalAngles,
      finalState: { ...finalState, promised: walk.M.map((scale) => ANGLE * rotation.swing * scale) },
      finalK,
      finalV: copied(walk.v),
    };
    yield { lane: walk.lane, outputs };
  }
}

function startWalk(
  operator: AnyOperator,
  problem: Problem,
  lane: Lane,
  read: (name: string) => ReturnType<typeof inputReader>,
): Walk {
  const { batch, heads: head, headDim: p } = laneCoordinates(operator, problem, lane);
  const { state, length, headDim } = problem.dims;
  const initialState = read("initialState");
  const S = new Float64Array(state);
  if (initialState)
    for (let n = 0; n < state; n++) S[n] = initialState.at(batch, (head * headDim + p) * state + n);
  const M = S.map(Math.abs);
  const v = read("initialV")?.at(batch, head * headDim + p) ?? 0;
  return {
    lane,
    p,
    S,
    M,
    G: new Float64Array(state),
    H: new Float64Array(state),
    repeated: nothingRepeated(state),
    Y: {
      ...emptyBounds(length, true),
      tokens: new Float64Array(length),
      promised: new Float64Array(length),
    },
    decaySum: 0,
    maxInitial: M.reduce((most, value) => Math.max(most, value), 0),
    v,
    maxV: 0,
    maxK: 0,
    steps: 0,
  };
}

/** weight v k' into the state. @param step what lambda was multiplied by: an error of lambda is one of it */
function add(
  walk: Walk,
  weight: number,
  step: number,
  v: number,
  key: Float64Array,
  lengths: Float64Array,
): void {
  const { S, M, G } = walk;
  const absolute = Math.abs(weight * v);
  const errors = ROTATION * absolute + LAMBDA * Math.abs(step * v);
  for (let n = 0; n < S.length; n++) {
    S[n] += weight * v * key[n];
    M[n] += absolute * lengths[n];
    G[n] += errors * lengths[n];
    walk.maxK = Math.max(walk.maxK, lengths[n]);
  }
  walk.maxV = Math.max(walk.maxV, Math.abs(v), Math.abs(step * v));
}

function decay(walk: Walk, l: number): void {
  const { S, M, G, H, repeated } = walk;
  const { decays, products } = repeated;
  const a = Math.exp(l);
  const rounded = Math.fround(a);
  const absL = Math.abs(l);
  // a = 0 forgets everything; without this branch 0 * Infinity would follow from logA = -Infinity
  const age = a === 0 ? 0 : 8 + 5 * absL;
  const perSum = a === 0 ? 0 : absL;
  for (let n = 0; n < S.length; n++) {
    G[n] = a * (G[n] + age * M[n]);
    H[n] = a * (H[n] + perSum * M[n]);
    decays[n] = a * decays[n] + (rounded - a) * S[n];
    products[n] = a * products[n] + productError(rounded, S[n]);
    S[n] *= a;
    M[n] *= a;
  }
  walk.steps *= a;
  walk.decaySum += Number.isFinite(absL) ? absL : 0;
}

/** Magnitude that is multiplied by eta: what a state below it, or a factor of it, may lose when flushed to zero. */
function floorOf({ maxV, maxK, steps, maxInitial }: Walk): number {
  return (1 + maxV) * (1 + maxK) * steps + maxInitial;
}

function copied(value: number): Bounds {
  const bounds = emptyBounds(1);
  bounds.value[0] = value;
  bounds.scale[0] = Math.abs(value);
  return bounds;
}
