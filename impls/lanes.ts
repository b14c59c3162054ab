/** Where the elements of a lane lie in an output: pure index arithmetic, shared by the host's and the devices' readers. */

import type { AnyOperator, Lane, Problem } from "./operator.js";
import { hashAt, streamKeys } from "./random.js";

/** Elements offset + i * stride, i < count; a projection sums `terms` such runs, `termStride` apart, with weights +-1. */
export interface LaneView {
  readonly offset: number;
  readonly stride: number;
  readonly count: number;
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
  for (const axis of [...laneAxes(operator, lane.kind)].reverse()) {
    coordinates[axis] = rest % problem.dims[axis];
    rest = Math.floor(rest / problem.dims[axis]);
  }
  return coordinates;
}

/** @throws when free axes of the output do not lie beside one another: such an output needs lanes of its own */
export function laneView(operator: AnyOperator, problem: Problem, output: string, lane: Lane): LaneView {
  const coordinates = laneCoordinates(operator, problem, lane);
  const projected = lane.kind === "projection" ? operator.projection?.axis : undefined;
  let view: LaneView = {
    offset: 0,
    stride: 1,
    count: 1,
    terms: 1,
    termStride: 0,
    projected: projected !== undefined,
  };
  let stride = 1;
  let free = 0;
  for (const axis of [...operator.outputs[output]].reverse() as string[]) {
    const size = (problem.dims as Readonly<Record<string, number>>)[axis];
    if (axis === projected) view = { ...view, terms: size, termStride: stride };
    else if (axis in coordinates) view = { ...view, offset: view.offset + coordinates[axis] * stride };
    else if (free++ === 0) view = { ...view, stride, count: size };
    // axes that lie beside one another run as one
    else if (stride === view.stride * view.count) view = { ...view, count: view.count * size };
    else throw new Error(`${operator.name}.${output}: free axes apart from one another in a lane`);
    stride *= size;
  }
  return view;
}

/** Values of one lane, summed over the projected axis where it is one. */
export function gatherLane(values: ArrayLike<number>, view: LaneView): Float64Array {
  const lane = new Float64Array(view.count);
  for (let term = 0; term < view.terms; term++) {
    const weight = view.projected ? projectionWeight(term) : 1;
    const offset = view.offset + term * view.termStride;
    for (let i = 0; i < view.count; i++) lane[i] += weight * values[offset + i * view.stride];
  }
  return lane;
}
