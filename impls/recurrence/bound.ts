/**
 * What the float64 references of ssd and selective scan share: lanes that walk the tokens together, and the bounds of outputs and
 * states from the error recurrences beside the state (ssd/README.md and selective_scan/README.md, "The bound").
 */
import { type Bounds, emptyBounds } from "../bound.js";
import { laneCoordinates } from "../lanes.js";
import type { AnyOperator, Lane, Problem } from "../operator.js";
import { type Repeated, repeatedUnits } from "./repeated.js";

/** The recurrences of one lane at one token; arrays are of `state`. */
export interface Recurrences {
  readonly S: Float64Array;
  /** The state on absolute values: the scale. */
  readonly M: Float64Array;
  /** Roundings so far, weighted by what they can still reach. */
  readonly G: Float64Array;
  /** The part of G that grows with the form's longest sum. */
  readonly H: Float64Array;
  /** Roundings that are known in advance. */
  readonly repeated: Repeated;
  readonly Y: Bounds;
  /** Sum of |log decay| up to this token. */
  decaySum: number;
}

/** Groups are blocks: consecutive heads share B and C. */
export function groupOf({ dims }: Problem, head: number): number {
  return Math.floor(head / (dims.heads / dims.groups));
}

/** Lanes that share B and C, at most so many at a time: each holds six arrays of `length`. */
export function* inCompany(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
  most: number,
): Generator<readonly Lane[]> {
  const groups = new Map<string, Lane[]>();
  for (const lane of lanes) {
    const { batch, heads } = laneCoordinates(operator, problem, lane);
    const key = `${batch} ${groupOf(problem, heads)}`;
    const members = groups.get(key);
    if (!members || members.length === most) {
      if (members) yield members;
      groups.set(key, [lane]);
    } else members.push(lane);
  }
  yield* groups.values();
}

/**
 * Y_t = C . S with its bound.
 * @param floor magnitude that is multiplied by eta: what a state below it, or a factor of it, may lose when flushed to zero
 * @param ownRoundings those of an output's last steps, beside the sum over `state`
 */
export function writeOutput(
  { S, M, G, H, repeated, Y, decaySum }: Recurrences,
  t: number,
  C: Float64Array,
  floor: number,
  ownRoundings: number,
): void {
  const { decays, products } = repeated;
  let value = 0;
  let scale = 0;
  let weighted = 0;
  let perSum = 0;
  let known = 0;
  let sumC = 0;
  for (let n = 0; n < S.length; n++) {
    const c = Math.abs(C[n]);
    value += C[n] * S[n];
    scale += c * M[n];
    weighted += c * G[n];
    perSum += c * H[n];
    known += c * (Math.abs(decays[n]) + Math.abs(products[n]));
    sumC += c;
  }
  Y.value[t] = value;
  Y.scale[t] = scale;
  Y.count[t] = scale > 0 ? weighted / scale + S.length + ownRoundings : 0;
  Y.products![t] = scale > 0 ? weighted / scale / A_TOKEN + S.length : 0;
  Y.countPerSum[t] = scale > 0 ? perSum / scale + 1 : 0;
  Y.repeated![t] = repeatedUnits(known, scale);
  Y.floor[t] = (1 + sumC) * floor;
  Y.decaySum![t] = decaySum;
}

/** Roundings that G counts at least for each token that a value has been in the state; of these one may be a product's. */
const A_TOKEN = 8;

export type StateBounds = Bounds & Required<Pick<Bounds, "products" | "repeated" | "allDecays">>;

/** @param allDecays running sums of |log decay|, complete when the bounds are asked for */
export function emptyStateBounds(length: number, allDecays: Float64Array): StateBounds {
  const [products, repeated] = [new Float64Array(length), new Float64Array(length)];
  return { ...emptyBounds(length), products, repeated, allDecays };
}

/** The final state with its bound; parameters as above. */
export function stateBounds(
  { S, M, G, H, repeated, Y }: Recurrences,
  floor: number,
  ownRoundings: number,
): StateBounds {
  const bounds = emptyStateBounds(S.length, Y.decaySum!);
  for (let n = 0; n < S.length; n++) {
    bounds.value[n] = S[n];
    bounds.scale[n] = M[n];
    bounds.count[n] = M[n] > 0 ? G[n] / M[n] + ownRoundings : 0;
    bounds.products[n] = M[n] > 0 ? G[n] / M[n] / A_TOKEN : 0;
    bounds.countPerSum[n] = M[n] > 0 ? H[n] / M[n] + 1 : 0;
    bounds.repeated[n] = repeatedUnits(Math.abs(repeated.decays[n]) + Math.abs(repeated.products[n]), M[n]);
    bounds.floor[n] = floor;
  }
  return bounds;
}
