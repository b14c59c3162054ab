/** Where the elements of a lane lie in an output: pure index arithmetic, shared by the host's and the devices' readers. */

import { type AnyOperator, type Lane, outputAxes, type Problem } from "./operator.js";
import { hashAt, streamKeys } from "./random.js";

/**
 * Elements of a lane in runs: `placeOf` says where the i-th lies. Most lanes are one run; one of a group has a run of heads for each token.
 * A projection sums `terms` such lanes, `termStride` apart, with weights +-1.
 */
export interface LaneView {
  readonly offset: number;
  /** Distance of neighbours within a run. */
  readonly stride: number;
  /** Elements of all runs. */
  readonly count: number;
  /** Elements of one run. */
  readonly run: number;
  /** Distance from one run's first element to the next one's. */
  readonly runStride: number;
  readonly terms: number;
  readonly termStride: number;
  readonly projected: boolean;
}

const projectionKeys = streamKeys(0, "projection");

/** Weight +1 or -1 of channel p in a projection. */
export function projectionWeight(p: number): number {
  return (hashAt(projectionKeys, 0, p) & 1) === 0 ? 1 : -1;
}

/** The axes that number the lanes of a kind. */
export function laneAxes(operator: AnyOperator, kind: Lane["kind"]): readonly string[] {
  const axes: readonly string[] = operator.laneAxes;
  return kind === "element" ? axes : axes.filter((axis) => axis !== operator.projection?.axis);
}

export function laneTotal(operator: AnyOperator, problem: Problem, kind: Lane["kind"] = "element"): number {
  return laneAxes(operator, kind).reduce((total, axis) => total * problem.dims[axis], 1);
}

/** The index along each lane axis. */
export function laneCoordinates(operator: AnyOperator, problem: Problem, lane: Lane): Record<string, number> {
  const coordinates: Record<string, number> = {};
  let rest = lane.index;
  const axes = laneAxes(operator, lane.kind);
  for (let a = axes.length - 1; a >= 0; a--) {
    const size = problem.dims[axes[a]];
    coordinates[axes[a]] = rest % size;
    rest = Math.floor(rest / size);
  }
  return coordinates;
}

/** @throws when free axes of the output lie in more than two pieces: such an output needs lanes of its own */
export function laneView(operator: AnyOperator, problem: Problem, output: string, lane: Lane): LaneView {
  return laneViewer(operator, problem, output, lane.kind)(lane);
}

/** The same for many lanes of a kind: they differ in where they begin. */
export function laneViewer(
  operator: AnyOperator,
  problem: Problem,
  output: string,
  kind: Lane["kind"],
): (lane: Lane) => LaneView {
  const dims: Readonly<Record<string, number>> = problem.dims;
  const fixed = laneAxes(operator, kind);
  const projected = kind === "projection" ? operator.projection?.axis : undefined;
  let [terms, termStride, stride] = [1, 0, 1];
  /** How far the lane moves with an index along each axis that it fixes. */
  const steps: Record<string, number> = Object.fromEntries(fixed.map((axis) => [axis, 0]));
  /** Innermost first; axes that lie beside one another run as one. */
  const free: { readonly stride: number; size: number }[] = [];
  for (const axis of [...outputAxes(operator, problem, output)].reverse()) {
    const size = dims[axis];
    if (axis === projected) [terms, termStride] = [size, stride];
    else if (axis in steps) steps[axis] += stride;
    else {
      const part = freePart(axis, steps, dims);
      if (part < size) steps.groups += part * stride;
      const inner = free.at(-1);
      if (inner && stride === inner.stride * inner.size) inner.size *= part;
      else if (part > 1) free.push({ stride, size: part });
    }
    stride *= size;
  }
  if (free.length > 2)
    throw new Error(`${operator.name}.${output}: free axes apart from one another in a lane`);
  const [inner = { stride: 1, size: 1 }, outer = { stride: 0, size: 1 }] = free;
  const coordinates = fixed.map((axis) => ({ size: dims[axis], step: steps[axis] })).reverse();
  return ({ index }) => {
    let offset = 0;
    let rest = index;
    for (const { size, step } of coordinates) {
      offset += (rest % size) * step;
      rest = Math.floor(rest / size);
    }
    return {
      offset,
      stride: inner.stride,
      count: inner.size * outer.size,
      run: inner.size,
      runStride: outer.stride,
      terms,
      termStride,
      projected: projected !== undefined,
    };
  };
}

/** How far apart in a lane the elements of neighbouring tokens are. */
export function elementsPerToken(
  operator: AnyOperator,
  problem: Problem,
  output: string,
  lane: Lane,
): number {
  const axes = outputAxes(operator, problem, output);
  const coordinates = laneCoordinates(operator, problem, lane);
  return axes.slice(axes.indexOf("length") + 1).reduce((count, axis) => {
    const isSummed = lane.kind === "projection" && axis === operator.projection?.axis;
    return isSummed ? count : count * freePart(axis, coordinates, problem.dims);
  }, 1);
}

/** Indices along an axis that a lane holds: one where the lane fixes it, a group's heads in a lane of a group. */
function freePart(
  axis: string,
  coordinates: Readonly<Record<string, number>>,
  dims: Readonly<Record<string, number>>,
): number {
  if (axis in coordinates) return 1;
  return axis === "heads" && "groups" in coordinates ? dims.heads / dims.groups : dims[axis];
}

/** Where element i of a lane lies in its output (C order). */
export function placeOf({ offset, stride, run, runStride }: LaneView, i: number): number {
  return offset + Math.floor(i / run) * runStride + (i % run) * stride;
}

/** The runs of a lane, each as a view of its own. */
export function runsOf(view: LaneView): LaneView[] {
  if (view.run === view.count) return [view];
  return Array.from({ length: view.count / view.run }, (_, i) => ({
    ...view,
    offset: view.offset + i * view.runStride,
    count: view.run,
  }));
}

/** Values of one lane, summed over the projected axis where it is one. */
export function gatherLane(values: ArrayLike<number>, view: LaneView): Float64Array {
  const lane = new Float64Array(view.count);
  for (let term = 0; term < view.terms; term++) {
    const weight = view.projected ? projectionWeight(term) : 1;
    for (let i = 0, first = view.offset + term * view.termStride; i < view.count; first += view.runStride)
      for (let q = 0; q < view.run; q++, i++) lane[i] += weight * values[first + q * view.stride];
  }
  return lane;
}
