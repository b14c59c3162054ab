/**
 * Float64 truth of the selective scan's gradients, a group of channels at a time over all batches (README.md, "The bound").
 *
 *   R_t = a_(t+1) R_(t+1) + dy_t C_t, dy = dY silu(z), R_T = dFinalState      the adjoint of a channel's state
 *   du = delta R . B + D dy   dB = sum R x   dC = sum s dy   dA = sum_t delta a R s_(t-1)   ddelta = u R . B + sum_n A a R s_(t-1)
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
import { readChannel, readRows } from "./reference/channel.js";
import { noErrors, walkBackwards } from "./reference/recurrences.js";

type Sums = Readonly<Record<string, GradientSums>>;

export function* reference(
  operator: AnyOperator,
  problem: Problem,
  lanes: readonly Lane[],
): Generator<LaneReference<"du" | "ddelta" | "dA" | "dB" | "dC">> {
  const { batch, heads, groups, headDim } = problem.dims;
  const readers = new Map(
    Object.keys(operator.inputs).map((name) => [name, inputReader(operator, problem, name)]),
  );
  for (const lane of lanes) {
    const { groups: group } = laneCoordinates(operator, problem, lane);
    const sums = emptySums(operator, problem, lane);
    const read = (name: string) => readers.get(name);
    for (let b = 0; b < batch; b++) {
      const rows = [readRows(problem, read, "B", b, group), readRows(problem, read, "C", b, group)] as const;
      for (let place = 0; place < (heads / groups) * headDim; place++)
        oneChannel(problem, read, rows, sums, b, group, place);
    }
    const outputs = Object.entries(sums).map(([name, sum]): [string, Bounds] => [name, sum.bounds()]);
    yield { lane, outputs: Object.fromEntries(outputs) as never };
  }
}

/** Roundings of an output's or a state's last steps. */
const OWN_ROUNDINGS = 14;

function emptySums(operator: AnyOperator, problem: Problem, lane: Lane): Sums {
  const { batch, length, heads, groups, headDim } = problem.dims;
  const tokens = batch * length;
  const channels = (heads / groups) * headDim;
  const isConstant = (name: string) => problem.inputs[name]!.axes[0] !== "batch";
  const terms: Readonly<Record<string, number>> = {
    dA: tokens,
    dB: isConstant("B") ? tokens : channels,
    dC: isConstant("C") ? tokens : channels,
    dD: tokens,
    ddeltaBias: tokens,
  };
  return Object.fromEntries(
    outputNames(operator, problem).map((name: string) => [
      name,
      new GradientSums(laneView(operator, problem, name, lane).count, (terms[name] ?? 0) + OWN_ROUNDINGS),
    ]),
  );
}

function oneChannel(
  problem: Problem,
  read: (name: string) => Reader | undefined,
  rows: Parameters<typeof readChannel>[2],
  sums: Sums,
  b: number,
  group: number,
  place: number,
): void {
  const { length, heads, groups, headDim, state } = problem.dims;
  const channel = readChannel(problem, read, rows, b, group, place);
  const initial = noErrors(state);
  const initialState = read("initialState");
  for (let n = 0; n < state && initialState; n++) {
    initial[0][n] = initialState.at(b, channel.channel * state + n);
    initial[1][n] = Math.abs(initial[0][n]);
  }
  const adjoint = new Adjoint(problem, read, sums, channel, initial);
  const first = (b * (heads / groups) * headDim + place) * state;
  walkBackwards(
    channel,
    initial,
    segmentLength(length),
    (final) => sums.finalState && addStates(sums.finalState, first, final, adjoint.floorOf(length - 1)),
    (t, before, after) => adjoint.visit(t, before, after),
  );
  if (sums.dinitialState) addStates(sums.dinitialState, first, adjoint.R, adjoint.adjointFloor);
}
