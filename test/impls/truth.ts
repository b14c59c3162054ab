/** Helpers of the operator tests: all outputs of a reference, and an implementation held against it. */
import type { Rounding } from "../../impls/bound.js";
import { boundAt, errorAt } from "../../impls/bound.js";
import { open } from "../../impls/engines/cpu.js";
import type { Engine } from "../../impls/engines/engine.js";
import type { EngineName, Engines } from "../../impls/engines/index.js";
import type { Implementation } from "../../impls/implementation.js";
import { laneTotal, laneView, placeOf } from "../../impls/lanes.js";
import {
  type AnyOperator,
  type Lane,
  type Outputs,
  outputNames,
  outputSize,
  type Problem,
} from "../../impls/operator.js";
import type { Options, Prepared } from "../../impls/prepared.js";

export function allLanes(operator: AnyOperator, problem: Problem): Lane[] {
  return Array.from({ length: laneTotal(operator, problem) }, (_, index) => ({ kind: "element", index }));
}

/** All outputs in C order from the float64 reference. */
export function referenceOutputs(operator: AnyOperator, problem: Problem): Record<string, Float64Array> {
  const outputs: Record<string, Float64Array> = {};
  for (const name of outputNames(operator, problem))
    outputs[name] = new Float64Array(outputSize(operator, problem, name)).fill(Number.NaN);
  for (const { lane, outputs: truth } of operator.reference(problem, allLanes(operator, problem)))
    for (const [name, { value }] of Object.entries(truth)) {
      const view = laneView(operator, problem, name, lane);
      for (let i = 0; i < view.count; i++) outputs[name][placeOf(view, i)] = value[i];
    }
  return outputs;
}

/** max|got - wanted| / max|wanted| */
export function peakError(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let error = got.length === wanted.length ? 0 : Number.POSITIVE_INFINITY;
  let peak = 0;
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(got[i] - wanted[i]);
    error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(error, difference);
    peak = Math.max(peak, Math.abs(wanted[i]));
  }
  return peak > 0 ? error / peak : error;
}

/** All outputs of an implementation of the cpu engine, run once on poisoned outputs. */
export async function outputsOf<Op extends AnyOperator>(
  impl: Implementation<Op, "cpu">,
  problem: Problem<Op>,
  options: Options = {},
): Promise<Outputs<Op>> {
  return outputsOn(engine, impl, problem, options);
}

/** All outputs of a host engine's implementation, run once on poisoned outputs. */
export async function outputsOn<Op extends AnyOperator, E extends "cpu" | "wasm">(
  on: Engines[E],
  impl: Implementation<Op, E>,
  problem: Problem<Op>,
  options: Options = {},
): Promise<Outputs<Op>> {
  const prepared = (await impl.prepare(on, problem, options)) as Prepared<Op, void>;
  await prepared.poison();
  await prepared.run();
  return prepared.read();
}

export interface Agreement {
  /** Largest error / bound over all elements of all outputs, and what is needed to find the element again. */
  readonly certified: number;
  readonly probable: number;
  readonly worst: string;
}

const engine = await open();

/** Runs an implementation on poisoned outputs, on the cpu engine or the one given, and holds every element against the reference. */
export async function agreement<Op extends AnyOperator, E extends EngineName = "cpu">(
  impl: Implementation<Op, E>,
  problem: Problem<Op>,
  options?: Options,
  on: Engines[E] = engine as Engines[E],
): Promise<Agreement> {
  const chosen = options ?? (await impl.options?.(problem, on))?.[0] ?? {};
  const prepared: Prepared<Op> = await impl.prepare(on, problem, chosen);
  await prepared.poison();
  await (on as Engine<unknown>).once((launch) => prepared.run(launch));
  const lanes = allLanes(impl.operator, problem);
  const got = await prepared.inspect(lanes);
  await prepared.dispose();
  return heldAgainst(impl.operator, problem, impl.rounding(problem, chosen), lanes, got.lanes);
}

export function heldAgainst(
  operator: AnyOperator,
  problem: Problem,
  rounding: Rounding,
  lanes: readonly Lane[],
  got: readonly Readonly<Record<string, Float64Array>>[],
): Agreement {
  let [certified, probable, worst] = [0, 0, ""];
  const place = new Map(lanes.map((lane, i) => [`${lane.kind} ${lane.index}`, i]));
  for (const { lane, outputs } of operator.reference(problem, lanes))
    for (const [name, bounds] of Object.entries(outputs)) {
      const values = got[place.get(`${lane.kind} ${lane.index}`)!][name];
      for (let i = 0; i < values.length; i++) {
        const error = errorAt(bounds, i, values[i]);
        const bound = boundAt(bounds, i, rounding);
        const share = (limit: number) =>
          error === 0 ? 0 : Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / limit;
        certified = Math.max(certified, share(bound.certified));
        if (share(bound.probable) <= probable) continue;
        probable = share(bound.probable);
        worst =
          `${name} lane ${lane.index} element ${i}: got ${values[i]}, wanted ${bounds.value[i]}, ` +
          `probable bound ${bound.probable}, certified ${bound.certified}, ` +
          `seed ${problem.seed} dims ${JSON.stringify(problem.dims)}`;
      }
    }
  return { certified, probable, worst };
}
