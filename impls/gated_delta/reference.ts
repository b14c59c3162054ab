/**
 * Float64 truth of the gated delta rule: the recurrence as the papers state it, run beside its error recurrences (README.md, "The bound").
 *
 *   S <- (I - beta k k') a S + beta v k'    of one channel of v: a vector over the state
 *   error, perSum                           what roundings have made of it, in length; rho a is the most that a step makes of a length
 *   most, added                             the longest that S and what a token adds to it have been, decayed since
 */
import { type Bounds, emptyBounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, LaneReference, Problem } from "../operator.js";
import { inputReader } from "../operator.js";
import { groupOf } from "../recurrence/bound.js";
import { repeatedUnits } from "../recurrence/repeated.js";
import { LONGEST_CHUNK, queryScale } from "./reference/settings.js";
import { Token } from "./reference/token.js";
import { Walk } from "./reference/walk.js";

export type Output = "Y" | "finalState";

/** Roundings of an output's last steps, beside those of its sum over the state. */
const OWN_ROUNDINGS = 12;

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

function* oneHead(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<Output>> {
  const { length, headDim, state } = problem.dims;
  const { batch, heads: head } = laneCoordinates(operator, problem, lanes[0]);
  const read = (name: string) => inputReader(operator, problem, name);
  const V = read("V")!;
  const initial = read("initialState");
  const token = new Token(problem, read, head, groupOf(problem, head));
  const walks = lanes.map((lane) => {
    const { headDim: p } = laneCoordinates(operator, problem, lane);
    const first = initial && ((n: number) => initial.at(batch, (head * headDim + p) * state + n));
    return { lane, p, walk: new Walk(state, first), Y: emptyBoundsOf(length) };
  });
  for (let t = 0; t < length; t++) {
    const row = batch * length + t;
    token.read(row);
    for (const { p, walk, Y } of walks) {
      walk.step(token, V.at(row, head * headDim + p));
      writeOutput(Y, t, walk, token, queryScale(problem));
    }
  }
  for (const { lane, walk, Y } of walks)
    yield { lane, outputs: { Y, finalState: stateBounds(walk, Y.decaySum) } };
}

type OutputBounds = Bounds & Required<Pick<Bounds, "repeated" | "decaySum">>;

function emptyBoundsOf(length: number): OutputBounds {
  const [repeated, decaySum] = [0, 1].map(() => new Float64Array(length));
  return { ...emptyBounds(length), repeated, decaySum };
}

function writeOutput(Y: OutputBounds, t: number, walk: Walk, token: Token, factor: number): void {
  const { query, queryLength } = token;
  const { S, most } = walk;
  let value = 0;
  let known = 0;
  let sum = 0;
  for (let n = 0; n < S.length; n++) {
    const q = Math.abs(query[n]);
    value += query[n] * S[n];
    known += q * walk.knownAt(n);
    sum += q;
  }
  const size = Math.abs(factor);
  const scale = size * queryLength * most;
  Y.value[t] = factor * value;
  Y.scale[t] = scale;
  Y.count[t] = most > 0 ? walk.error / most + S.length + OWN_ROUNDINGS : 0;
  Y.countPerSum[t] = most > 0 ? (walk.perSum + walk.inChunk(S.length + LONGEST_CHUNK + 8)) / most : 0;
  Y.repeated[t] = repeatedUnits(size * known, scale);
  Y.decaySum[t] = walk.decaySum;
  Y.floor[t] = (1 + size * (1 + sum)) * walk.floor;
}

function stateBounds(walk: Walk, allDecays: Float64Array): Bounds {
  const { S, most } = walk;
  const repeated = new Float64Array(S.length);
  const bounds = { ...emptyBounds(S.length), repeated, allDecays };
  bounds.value.set(S);
  bounds.scale.fill(most);
  bounds.floor.fill(walk.floor);
  if (most === 0) return bounds;
  bounds.count.fill(walk.error / most + OWN_ROUNDINGS);
  bounds.countPerSum.fill((walk.perSum + walk.inChunk(1)) / most);
  for (let n = 0; n < S.length; n++) repeated[n] = repeatedUnits(walk.knownAt(n), most);
  return bounds;
}
