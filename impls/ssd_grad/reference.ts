/**
 * Float64 truth of ssd's gradients, a group of heads at a time over all batches (README.md, "The bound").
 *
 *   R_t = a_(t+1) R_(t+1) + dy_t C_t^T, dy = dY silu(z), R_T = dFinalState      the adjoint of the state
 *   dX = dt R B + D dy   dB = sum_hp R x   dC = sum_hp S dy   dlogA = a <R, S_(t-1)>   ddt = <X, R B> (+ A dlogA)
 */
import type { Bounds } from "../bound.js";
import { laneCoordinates, laneView } from "../lanes.js";
import {
  type AnyOperator,
  inputReader,
  type Lane,
  type LaneReference,
  outputNames,
  type Problem,
} from "../operator.js";
import { segmentLength } from "../recurrence/gradient-states.js";
import { addStates, GradientSums } from "../recurrence/gradient-sums.js";
import type { Reader } from "../tensor.js";
import { Adjoint } from "./reference/adjoint.js";
import { readHead } from "./reference/head.js";
import { noErrors, walkBackwards } from "./reference/recurrences.js";

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"dX" | "dlogA" | "dB" | "dC">> {
  for (const lane of lanes) {
    const { groups: group } = laneCoordinates(operator, problem, lane);
    const sums = emptySums(operator, problem, lane);
    const read = (name: string) => inputReader(operator, problem, name);
    for (let b = 0; b < problem.dims.batch; b++)
      for (let j = 0; j < problem.dims.heads / problem.dims.groups; j++)
        oneHead(problem, read, sums, b, group, j);
    const outputs = Object.entries(sums).map(([name, sum]): [string, Bounds] => [name, sum.bounds()]);
    yield { lane, outputs: Object.fromEntries(outputs) as never };
  }
}

/** Roundings of an output's or a state's last steps. */
const OWN_ROUNDINGS = 12;

function emptySums(operator: AnyOperator, problem: Problem, lane: Lane): Record<string, GradientSums> {
  const { batch, length, heads, groups, headDim } = problem.dims;
  const tokens = batch * length;
  const channels = (heads / groups) * headDim;
  const terms: Readonly<Record<string, number>> = {
    dB: channels,
    dC: channels,
    dlogA: problem.inputs.logA!.axes.length === 1 ? tokens : 0,
    dD: tokens * (problem.inputs.D?.axes.length === 1 ? headDim : 1),
    ddtBias: tokens,
  };
  return Object.fromEntries(
    outputNames(operator, problem).map((name: string) => [
      name,
      new GradientSums(laneView(operator, problem, name, lane).count, (terms[name] ?? 0) + OWN_ROUNDINGS),
    ]),
  );
}

function oneHead(
  problem: Problem,
  read: (name: string) => Reader | undefined,
  sums: Readonly<Record<string, GradientSums>>,
  b: number,
  group: number,
  j: number,
): void {
  const { length, heads, groups, headDim, state } = problem.dims;
  const head = readHead(problem, read, b, group, j);
  const size = headDim * state;
  const initial = noErrors(size);
  const initialState = read("initialState");
  for (let i = 0; i < size && initialState; i++) {
    initial[0][i] = initialState.at(b, head.head * size + i);
    initial[1][i] = Math.abs(initial[0][i]);
  }
  const adjoint = new Adjoint(problem, read, sums, head, initial);
  const first = (b * (heads / groups) + j) * size;
  walkBackwards(
    head,
    initial,
    segmentLength(length),
    (final) => sums.finalState && addStates(sums.finalState, first, final, adjoint.floorOf(length - 1)),
    (t, before, after) => adjoint.visit(t, before, after),
  );
  if (sums.dinitialState) addStates(sums.dinitialState, first, adjoint.R, adjoint.adjointFloor);
}
