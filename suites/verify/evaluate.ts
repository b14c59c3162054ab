/** One run of one implementation on one problem, in the process of its engine. */
import type { Engine } from "../../impls/engines/engine.js";
import type { EngineTraits } from "../../impls/engines/index.js";
import { type AnyImplementation, unsupportedReason } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import { type Options, type Prepared, Unsupported } from "../../impls/prepared.js";
import { declaredRounding } from "../check/rounding.js";
import { copyOf } from "../problems/copy.js";
import { oneLine } from "../processes/one-line.js";
import { type Evaluated, lacksOf, type Place, type Values } from "./targets.js";

/**
 * Prepares, poisons every output with NaN, runs once and reads back.
 * @throws Unsupported, or whatever the implementation throws
 */
export async function evaluate(
  impl: AnyImplementation,
  engine: Engine<unknown>,
  problem: Problem,
  options: Options,
): Promise<Evaluated> {
  const reason = unsupportedReason(impl, problem, options, engine);
  if (reason !== undefined) throw new Unsupported(reason);
  const prepared: Prepared = await impl.prepare(engine as never, problem, options);
  try {
    await prepared.poison();
    await engine.once((launch) => prepared.run(launch));
    const outputs = (await prepared.read()) as Values;
    return {
      values: Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, values.slice()])),
      rounding: declaredRounding(impl, problem, options),
    };
  } finally {
    await prepared.dispose();
  }
}

/** The options that an implementation runs by default. @throws what `options()` throws, or when it gives no list */
export async function optionsOf(
  impl: AnyImplementation,
  engine: Engine<unknown>,
  problem: Problem,
): Promise<readonly Options[]> {
  const given: unknown = (await impl.options?.(problem, engine as never)) ?? [{}];
  if (Array.isArray(given) && given.every((one) => typeof one === "object" && one !== null)) return given;
  throw new Error(`it gives ${oneLine(given)}, expected a list of objects; [{}] where there are none`);
}

/**
 * An engine of this process: for engines without native code, and for an implementation that a program hands over. Each call gets a
 * copy of the problem: what a kernel does to its inputs reaches neither the reference nor the next kernel.
 */
export function localPlace(
  engine: Engine<unknown>,
  device: string | undefined,
  traits?: EngineTraits,
): Place {
  return {
    engine: engine.name as Place["engine"],
    traits,
    isLocal: true,
    device,
    lacks: lacksOf(engine),
    options: ({ impl }, problem) => optionsOf(impl, engine, copyOf(problem)),
    evaluate: ({ impl }, problem, options) =>
      evaluate(impl, engine, copyOf(problem), structuredClone(options)),
    close: async () => engine.close(),
  };
}
