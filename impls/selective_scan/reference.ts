/**
 * Float64 truth of the selective scan: the recurrence itself, run beside its error recurrences (README.md, "The bound").
 *
 *   s <- a s + x B             one channel's state; x = delta u, a_n = exp(l_n), l_n = delta A_n; 0 before a document begins
 *   M <- a M + |x B|           the state on absolute values: the scale
 *   G <- a (G + (8 + (6 + e)|l|) M) + e |x B|    roundings so far; e those of delta itself
 *   H <- a (H + |l| M)         the part of G that grows with the form's longest sum
 *   repeated                   roundings that are known in advance (recurrence/repeated.ts)
 */
import { emptyBounds } from "../bound.js";
import { beginsAnew } from "../documents.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { groupOf, inCompany, type Recurrences, stateBounds, writeOutput } from "../recurrence/bound.js";
import { addSkipBound, gateBound } from "../recurrence/epilogue.js";
import { nothingRepeated, productError } from "../recurrence/repeated.js";
import { softplus, stepRoundings } from "../recurrence/step.js";
import type { Reader } from "../tensor.js";

/** Lanes that walk the tokens together. */
const LANES_AT_ONCE = 8;
/** Roundings of an output's or a state's last steps. */
const OWN_ROUNDINGS = 14;

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y" | "finalState">> {
  for (const company of inCompany(operator, problem, lanes, LANES_AT_ONCE))
    yield* together(operator, problem, company);
}

/** One lane's parameters and running state; arrays are of `state`. */
interface LaneWalk extends Recurrences {
  readonly lane: Lane;
  /** h * headDim + p */
  readonly channel: number;
  readonly A: Float64Array;
  /** Given when B or C is constant in time; else the token's row is used. */
  readonly B: Float64Array | undefined;
  readonly C: Float64Array | undefined;
  readonly maxInitial: number;
  maxX: number;
  maxB: number;
  steps: number;
}

function startWalk(
  operator: AnyOperator,
  problem: Problem,
  lane: Lane,
  read: (name: string) => Reader | undefined,
  constant: { readonly B: boolean; readonly C: boolean },
): LaneWalk {
  const { batch, heads, headDim } = laneCoordinates(operator, problem, lane);
  const { state, length } = problem.dims;
  const channel = heads * problem.dims.headDim + headDim;
  const vector = (name: string, row: number) => {
    const reader = read(name);
    return Float64Array.from({ length: state }, (_, n) => reader?.at(row, channel * state + n) ?? 0);
  };
  const S = vector("initialState", batch);
  return {
    lane,
    channel,
    A: vector("A", 0),
    B: constant.B ? vector("B", 0) : undefined,
    C: constant.C ? vector("C", 0) : undefined,
    S,
    M: S.map(Math.abs),
    G: new Float64Array(state),
    H: new Float64Array(state),
    repeated: nothingRepeated(state),
    Y: emptyBounds(length, true),
    maxInitial: S.reduce((max, value) => Math.max(max, Math.abs(value)), 0),
    maxX: 0,
    maxB: 0,
    steps: 0,
    decaySum: 0,
  };
}

function* together(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y" | "finalState">> {
  const { length, state } = problem.dims;
  const readers = new Map<string, Reader | undefined>();
  for (const name of Object.keys(operator.inputs)) readers.set(name, inputReader(operator, problem, name));
  const read = (name: string) => readers.get(name);
  const [u, delta, B, C] = ["u", "delta", "B", "C"].map((name) => read(name)!);
  const [D, z, deltaBias, documents] = ["D", "z", "deltaBias", "documents"].map(read);
  const constant = {
    B: problem.inputs.B!.axes[0] !== "batch",
    C: problem.inputs.C!.axes[0] !== "batch",
  };
  const withSoftplus = problem.settings.softplus === true;
  const { batch, heads } = laneCoordinates(operator, problem, lanes[0]);
  const first = groupOf(problem, heads) * state;
  const walks = lanes.map((lane) => startWalk(operator, problem, lane, read, constant));
  const rowB = new Float64Array(state);
  const rowC = new Float64Array(state);

  for (let t = 0; t < length; t++) {
    const row = batch * length + t;
    for (let n = 0; n < state; n++) {
      if (!constant.B) rowB[n] = B.at(row, first + n);
      if (!constant.C) rowC[n] = C.at(row, first + n);
    }
    const anew = documents !== undefined && beginsAnew(documents, batch, length, t);
    for (const walk of walks) {
      if (anew) forget(walk);
      const { channel } = walk;
      const raw = delta.at(row, channel) + (deltaBias?.at(0, channel) ?? 0);
      const step = withSoftplus ? softplus(raw) : raw;
      const value = u.at(row, channel);
      const roundings = stepRoundings(raw, deltaBias !== undefined, withSoftplus);
      advance(walk, step, value, walk.B ?? rowB, roundings);
      writeOutput(walk, t, walk.C ?? rowC, floorOf(walk), OWN_ROUNDINGS);
      const skip = D ? D.at(0, channel) * value : 0;
      if (D) addSkipBound(walk.Y, t, skip, Math.abs(skip));
      if (z) gateBound(walk.Y, t, z.at(row, channel));
    }
  }
  for (const walk of walks) {
    const finalState = stateBounds(walk, floorOf(walk), OWN_ROUNDINGS);
    yield { lane: walk.lane, outputs: { Y: walk.Y, finalState } };
  }
}

/** A document begins: nothing from before reaches it. */
function forget(walk: LaneWalk): void {
  const { decays, products } = walk.repeated;
  for (const array of [walk.S, walk.M, walk.G, walk.H, decays, products]) array.fill(0);
  walk.steps = 0;
}

/** One token: state, scale and rounding counts. */
function advance(walk: LaneWalk, step: number, value: number, B: Float64Array, roundings: number): void {
  const { A, S, M, G, H, repeated } = walk;
  const { decays, products } = repeated;
  const x = step * value;
  let slowest = 0;
  let fastest = 0;
  for (let n = 0; n < S.length; n++) {
    const l = step * A[n];
    const a = Math.exp(l);
    const rounded = Math.fround(a);
    const absL = Math.abs(l);
    const added = Math.abs(x * B[n]);
    // a = 0 forgets everything; without this branch 0 * Infinity could follow
    G[n] = (a === 0 ? 0 : a * (G[n] + (8 + (6 + roundings) * absL) * M[n])) + roundings * added;
    H[n] = a === 0 ? 0 : a * (H[n] + absL * M[n]);
    decays[n] = a * decays[n] + (rounded - a) * S[n];
    products[n] = a * products[n] + productError(rounded, S[n]);
    S[n] = a * S[n] + x * B[n];
    M[n] = a * M[n] + added;
    slowest = Math.max(slowest, a);
    fastest = Math.max(fastest, absL);
    walk.maxB = Math.max(walk.maxB, Math.abs(B[n]));
  }
  // the value too: a step too small for float32 may be flushed on its own, before it meets u
  walk.maxX = Math.max(walk.maxX, Math.abs(x), Math.abs(value));
  walk.steps = slowest * walk.steps + 1;
  walk.decaySum += Number.isFinite(fastest) ? fastest : 0;
}

/** Magnitude that is multiplied by eta: what a state below it, or a factor of it, may lose when flushed to zero. */
function floorOf({ maxX, maxB, steps, maxInitial }: LaneWalk): number {
  return (1 + maxX) * (1 + maxB) * steps + maxInitial;
}
