/** Which lanes of a problem are held against the float64 reference: all where that is cheap, else the places where kernels break. */
import { laneCoordinates, laneTotal, laneView, placeOf } from "../../impls/lanes.js";
import {
  type AnyOperator,
  type Lane,
  outputAxes,
  outputNames,
  outputSize,
  type Problem,
} from "../../impls/operator.js";
import { hashAt, streamKeys } from "../../impls/random.js";

/** Elementary reference steps that one problem may cost: about a second of plain float64 JavaScript at 50 ns. A count, not a clock. */
export const REFERENCE_STEPS = 2e7;

/** Lanes that are checked however little of the reference is affordable, where there are as many. */
const LEAST = 8;
/** Fewer where one lane alone costs most of it: the first, the last and two at random. */
const FEWEST = 4;
/** What LEAST lanes may cost, in affordable steps; beyond that there are fewer. */
const OVERDRAWN = 4;
/** Most lanes when not all are affordable: beyond this more of them find nothing new. */
const MOST = 64;

export interface LaneChoice {
  readonly lanes: readonly Lane[];
  /** Element lanes among them. */
  readonly checked: number;
  readonly total: number;
}

export function chooseLanes(operator: AnyOperator, problem: Problem, steps = REFERENCE_STEPS): LaneChoice {
  const total = laneTotal(operator, problem);
  const affordable = Math.floor(steps / operator.laneCost(problem));
  if (affordable >= total) return choice(range(total), 0, total);

  const least = Math.max(
    FEWEST,
    Math.min(LEAST, Math.floor((OVERDRAWN * steps) / operator.laneCost(problem))),
  );
  const wanted = Math.min(total, Math.max(least, Math.min(affordable, MOST)));
  const chosen = new Set([...corners(operator, problem), ...offsetCrossings(operator, problem)]);
  // random ones in equal parts beside the fixed ones, so that a wrong lane nobody thought of can be hit
  const target = Math.min(total, Math.max(wanted, chosen.size + 2));
  const keys = streamKeys(problem.seed, "lanes");
  for (let draw = 0; chosen.size < target && draw < 50 * target; draw++)
    chosen.add(Math.floor((hashAt(keys, 0, draw) / 2 ** 32) * total));
  for (let next = 0; chosen.size < target; next++) chosen.add(next);
  const lanes = [...chosen].sort((a, b) => a - b);
  const projections = operator.projection?.applies(problem) ? laneTotal(operator, problem, "projection") : 0;
  return choice(lanes, projections, total);
}

function choice(indices: readonly number[], projections: number, total: number): LaneChoice {
  const lanes: Lane[] = indices.map((index) => ({ kind: "element", index }));
  for (const index of range(projections)) lanes.push({ kind: "projection", index });
  return { lanes, checked: indices.length, total };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** First and last along every lane axis, the edges of groups along heads, the edges of tiles along rows. */
function corners(operator: AnyOperator, { dims }: Problem): number[] {
  const axes: readonly string[] = operator.laneAxes;
  const edges = axes.map((axis) => {
    const last = dims[axis] - 1;
    const places = [0, last];
    if (axis === "heads" && dims.groups > 1) {
      const share = dims.heads / dims.groups;
      places.push(share - 1, share, dims.heads - share);
    }
    // the last two rows are neighbours: the check against outputs shifted by a token needs a pair
    if (axis === "length") places.push(last - 1, 63, 64);
    return [...new Set(places)].filter((place) => place >= 0 && place <= last);
  });
  // combinations of firsts and lasts; every further edge once, with firsts elsewhere
  const stride = axes.map((_, i) => axes.slice(i + 1).reduce((product, axis) => product * dims[axis], 1));
  const lanes = new Set<number>([0]);
  for (const [i, places] of edges.entries()) {
    for (const lane of [...lanes])
      if (places.length > 1)
        lanes.add(lane + (dims[axes[i]] - 1 - (Math.floor(lane / stride[i]) % dims[axes[i]])) * stride[i]);
    for (const place of places.slice(2)) lanes.add(place * stride[i]);
  }
  return [...lanes];
}

/** Lanes that hold the elements around flat offsets 2^31 and 2^32 of an output, where 32-bit indices wrap. */
function offsetCrossings(operator: AnyOperator, problem: Problem): number[] {
  const lanes: number[] = [];
  for (const name of outputNames(operator, problem as Problem)) {
    const size = outputSize(operator, problem, name);
    for (const offset of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32])
      if (offset < size) lanes.push(laneOf(operator, problem, name, offset));
  }
  return lanes;
}

/** The element lane that holds flat element `offset` of an output. */
export function laneOf(operator: AnyOperator, problem: Problem, output: string, offset: number): number {
  const coordinates: Record<string, number> = {};
  const dims: Readonly<Record<string, number>> = problem.dims;
  for (const axis of [...outputAxes(operator, problem, output)].reverse()) {
    coordinates[axis] = offset % dims[axis];
    offset = Math.floor(offset / dims[axis]);
  }
  if ("heads" in coordinates)
    coordinates.groups ??= Math.floor((coordinates.heads * dims.groups) / dims.heads);
  const axes: readonly string[] = operator.laneAxes;
  return axes.reduce((lane, axis) => lane * dims[axis] + (coordinates[axis] ?? 0), 0);
}

/** The element lanes that projections sum over. */
export function lanesUnder(operator: AnyOperator, problem: Problem, projections: readonly Lane[]): Lane[] {
  const axis = operator.projection?.axis;
  const inside = (lane: Lane) => {
    const { [axis ?? ""]: _, ...rest } = laneCoordinates(operator, problem, lane);
    return JSON.stringify(rest);
  };
  const wanted = new Set(projections.map(inside));
  return range(laneTotal(operator, problem))
    .map((index): Lane => ({ kind: "element", index }))
    .filter((lane) => wanted.has(inside(lane)));
}

/** Where element i of a lane lies in its output, in words: `Y[batch=0 length=17 heads=0 headDim=3]`. */
export function describeElement(
  operator: AnyOperator,
  problem: Problem,
  lane: Lane,
  output: string,
  i: number,
): { text: string; index: number } {
  const view = laneView(operator, problem, output, lane);
  const index = placeOf(view, i);
  return {
    text: describeIndex(
      operator,
      problem,
      output,
      index,
      view.projected ? operator.projection?.axis : undefined,
    ),
    index,
  };
}

export function describeIndex(
  operator: AnyOperator,
  problem: Problem,
  output: string,
  index: number,
  summed?: string,
): string {
  const words: string[] = [];
  const dims: Readonly<Record<string, number>> = problem.dims;
  let rest = index;
  for (const axis of [...outputAxes(operator, problem, output)].reverse()) {
    words.unshift(axis === summed ? `${axis}=*` : `${axis}=${rest % dims[axis]}`);
    rest = Math.floor(rest / dims[axis]);
  }
  return `${summed ? "projection of " : ""}${output}[${words.join(" ")}]`;
}
