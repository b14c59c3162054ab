/**
 * Float64 truth of ssd: the recurrence itself, run beside its error recurrences (README.md, "The bound").
 *
 *   S <- a S + x B^T     the state; x = dt X, a = exp(logA), 0 where a document begins
 *   M <- a M + |x B^T|   the state on absolute values: the scale
 *   G <- a (G + (8 + (5 + e)|l|) M) + e |x B^T|   roundings so far, weighted by what they can still reach; e those of dt itself
 *   H <- a (H + |l| M)          the part of G that grows with the form's longest sum
 *   repeated                    roundings that are known in advance (recurrence/repeated.ts)
 */
import { emptyBounds } from "../bound.js";
import { beginsAnew } from "../documents.js";
import { laneCoordinates, projectionWeight } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import {
  emptyStateBounds,
  groupOf,
  inCompany,
  type Recurrences,
  type StateBounds,
  stateBounds,
  writeOutput,
} from "../recurrence/bound.js";
import { addSkipBound, gateBound } from "../recurrence/epilogue.js";
import { nothingRepeated, productError } from "../recurrence/repeated.js";
import type { Reader } from "../tensor.js";
import { type Steps, stepsOf } from "./reference/steps.js";

/** Lanes that walk the tokens together. */
const LANES_AT_ONCE = 16;
/** Roundings of an output's or a state's last steps. */
const OWN_ROUNDINGS = 12;

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y" | "finalState">> {
  for (const company of inCompany(operator, problem, lanes, LANES_AT_ONCE))
    yield* together(operator, problem, company);
}

/** One lane's readers and running state. */
interface LaneWalk extends Recurrences {
  readonly lane: Lane;
  readonly head: number;
  /** Signed and absolute sums over the channels of this lane (one channel, or the projection of all). */
  readonly channels: readonly { readonly p: number; readonly weight: number }[];
  /** Sum over the channels of the largest initial value. */
  readonly maxInitial: number;
  maxX: number;
  maxB: number;
  steps: number;
  /** The states of the documents so far, where the problem asks for them. */
  readonly documentStates: StateBounds | undefined;
  ended: number;
}

function startWalk(
  operator: AnyOperator,
  problem: Problem,
  lane: Lane,
  initialState: Reader | undefined,
): LaneWalk {
  const { batch, heads: head, headDim } = laneCoordinates(operator, problem, lane);
  const { state, length, headDim: channelCount, documents } = problem.dims;
  const channels =
    lane.kind === "element"
      ? [{ p: headDim, weight: 1 }]
      : Array.from({ length: channelCount }, (_, p) => ({ p, weight: projectionWeight(p) }));
  const S = new Float64Array(state);
  const M = new Float64Array(state);
  let maxInitial = 0;
  if (initialState) {
    for (const { p, weight } of channels) {
      for (let n = 0; n < state; n++) {
        const value = initialState.at(batch, (head * channelCount + p) * state + n);
        S[n] += weight * value;
        M[n] += Math.abs(value);
        maxInitial = Math.max(maxInitial, M[n]);
      }
    }
  }
  const G = new Float64Array(state);
  const H = new Float64Array(state);
  const Y = { ...emptyBounds(length, true), tokens: new Float64Array(length) };
  return {
    lane,
    head,
    channels,
    S,
    M,
    G,
    H,
    repeated: nothingRepeated(state),
    Y,
    maxInitial,
    maxX: 0,
    maxB: 0,
    steps: 0,
    decaySum: 0,
    documentStates: documents ? emptyStateBounds(documents * state, Y.decaySum) : undefined,
    ended: 0,
  };
}

function* together(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"Y" | "finalState">> {
  const { length, headDim, state } = problem.dims;
  const read = (name: string) => inputReader(operator, problem, name);
  const [X, B, C] = ["X", "B", "C"].map((name) => read(name)!);
  const [D, z, documents] = [read("D"), read("z"), read("documents")];
  const stepAt = stepsOf(problem, read);
  const initialState = read("initialState");
  const perHeadD = problem.inputs.D?.axes.length === 1;
  const { batch, heads: firstHead } = laneCoordinates(operator, problem, lanes[0]);
  const group = groupOf(problem, firstHead);
  const walks = lanes.map((lane) => startWalk(operator, problem, lane, initialState));
  const rowB = new Float64Array(state);
  const rowC = new Float64Array(state);

  for (let t = 0, start = 0; t < length; t++) {
    const row = batch * length + t;
    const anew = documents !== undefined && beginsAnew(documents, batch, length, t);
    if (anew) start = t;
    let maxB = 0;
    for (let n = 0; n < state; n++) {
      rowB[n] = B.at(row, group * state + n);
      rowC[n] = C.at(row, group * state + n);
      maxB = Math.max(maxB, Math.abs(rowB[n]));
    }
    for (const walk of walks) {
      const { head } = walk;
      const steps = stepAt(row, head);
      const { step } = steps;
      if (anew) forget(walk, t);
      let x = 0;
      let absX = 0;
      let skip = 0;
      let absSkip = 0;
      for (const { p, weight } of walk.channels) {
        const value = X.at(row, head * headDim + p);
        x += weight * step * value;
        absX += Math.abs(step * value);
        // a step too small for float32 may be flushed on its own, before it meets x
        walk.maxX = Math.max(walk.maxX, Math.abs(value));
        if (D) {
          const term = D.at(0, perHeadD ? head : head * headDim + p) * value;
          skip += weight * term;
          absSkip += Math.abs(term);
        }
      }
      advance(walk, steps, x, absX, rowB, maxB);
      writeOutput(walk, t, rowC, floorOf(walk), OWN_ROUNDINGS);
      walk.Y.tokens![t] = t - start + 1;
      if (D) addSkipBound(walk.Y, t, skip, absSkip);
      if (z) gateBound(walk.Y, t, z.at(row, head * headDim + walk.channels[0].p));
    }
  }
  for (const walk of walks) {
    const finalState = stateBounds(walk, floorOf(walk), OWN_ROUNDINGS);
    endDocument(walk);
    const { Y, documentStates } = walk;
    yield { lane: walk.lane, outputs: { Y, finalState, ...(documentStates ? { documentStates } : {}) } };
  }
}

/** A document begins: nothing from before reaches it. @param t its first token; at 0 it is the initial state that belongs to none */
function forget(walk: LaneWalk, t: number): void {
  if (t > 0) endDocument(walk);
  const { decays, products } = walk.repeated;
  for (const array of [walk.S, walk.M, walk.G, walk.H, decays, products]) array.fill(0);
  walk.steps = 0;
}

function endDocument(walk: LaneWalk): void {
  const { documentStates, S } = walk;
  if (!documentStates) return;
  const bounds = stateBounds(walk, floorOf(walk), OWN_ROUNDINGS);
  for (const part of ["value", "scale", "count", "countPerSum", "products", "repeated", "floor"] as const)
    documentStates[part].set(bounds[part], walk.ended * S.length);
  walk.ended++;
}

/** One token: state, scale and rounding counts. */
function advance(
  walk: LaneWalk,
  { l, roundings, ofLog }: Steps,
  x: number,
  absX: number,
  B: Float64Array,
  maxB: number,
): void {
  const { S, M, G, H, repeated } = walk;
  const { decays, products } = repeated;
  const a = Math.exp(l);
  const rounded = Math.fround(a);
  // the channels of a projection round their products each in its own way: a walk
  const perChannel = walk.channels.length === 1 ? 1 : 0;
  const absL = Math.abs(l);
  // a = 0 forgets everything; without this branch 0 * Infinity would follow from logA = -Infinity
  const age = a === 0 ? 0 : 8 + (5 + ofLog) * absL;
  const perSum = a === 0 ? 0 : absL;
  for (let n = 0; n < S.length; n++) {
    const added = absX * Math.abs(B[n]);
    G[n] = a * (G[n] + age * M[n]) + roundings * added;
    H[n] = a * (H[n] + perSum * M[n]);
    decays[n] = a * decays[n] + (rounded - a) * S[n];
    products[n] = a * products[n] + perChannel * productError(rounded, S[n]);
    S[n] = a * S[n] + x * B[n];
    M[n] = a * M[n] + added;
  }
  walk.maxX = Math.max(walk.maxX, absX);
  walk.maxB = Math.max(walk.maxB, maxB);
  walk.steps = a * walk.steps + 1;
  walk.decaySum += Number.isFinite(absL) ? absL : 0;
}

/** Magnitude that is multiplied by eta: what a state below it, or a factor of it, may lose when flushed to zero. */
function floorOf({ channels, maxX, maxB, steps, maxInitial }: LaneWalk): number {
  return channels.length * (1 + maxX) * (1 + maxB) * steps + maxInitial;
}
