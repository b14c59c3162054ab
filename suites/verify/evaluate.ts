/** One run of one implementation on one problem, in the process of its engine. */
import type { Engine } from "../../impls/engines/engine.js";
import type { EngineTraits } from "../../impls/engines/index.js";
import { type AnyImplementation, unsupportedReason } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import { type Options, type Prepared, Unsupported } from "../../impls/prepared.js";
import { lacksOf, type Place, type Values } from "./targets.js";

/**
 * Prepares, poisons every output with NaN, runs once and reads back.
 * @throws Unsupported, or whatever the implementation throws
 */
export async function evaluate(
  impl: AnyImplementation,
  engine: Engine<unknown>,
  problem: Problem,
  options: Options,
): Promise<Values> {
  const reason = unsupportedReason(impl, problem, options, engine);
  if (reason !== undefined) throw new Unsupported(reason);
  const prepared: Prepared = await impl.prepare(engine as never, problem, options);
  try {
    await prepared.poison();
    await engine.once((launch) => prepared.run(launch));
    const outputs = (await prepared.read()) as Values;
    return Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, values.slice()]));
  } finally {
    await prepared.dispose();
  }
}

/** An engine of this process: for engines without native code. */
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
    options: async ({ impl }, problem) => (await impl.options?.(problem, engine as never)) ?? [{}],
    evaluate: ({ impl }, problem, options) => evaluate(impl, engine, problem, options),
    close: async () => engine.close(),
  };
}
