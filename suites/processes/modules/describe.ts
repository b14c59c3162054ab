/** What a process tells of the implementations and engines that it has loaded: plain data, for a parent that has not. */
import type { Engine } from "../../../impls/engines/engine.js";
import type { EngineEntry } from "../../../impls/engines/index.js";
import {
  type AnyImplementation,
  implementationName,
  unsupportedReason,
} from "../../../impls/implementation.js";
import type { Problem } from "../../../impls/operator.js";
import type { Options } from "../../../impls/prepared.js";
import { RoundingRefused } from "../../check/rounding.js";
import { workOf } from "../../measure/fairness.js";
import { optionsOf } from "../../verify/evaluate.js";
import { originOf } from "../origin.js";
import type { Description, InventoryEntry, ListedEngine, Question } from "../protocol.js";

/**
 * @param chunks chunk lengths in place of the first choice's own; nothing where it has none
 * @param tell what was thrown, as one sentence: whatever a kernel throws when it is asked costs its own case
 */
export async function describeKernel(
  impl: AnyImplementation,
  engine: Engine<unknown>,
  { problem, everyChoice, chunks }: Omit<Question, "impl">,
  tell: (error: unknown) => string,
): Promise<Description[]> {
  try {
    const choices = await optionsOf(impl, engine, problem);
    const [first] = choices;
    const asked = chunks
      ? chunks.flatMap((chunk) => (first?.chunk === undefined ? [] : [{ ...first, chunk }]))
      : everyChoice
        ? choices
        : choices.slice(0, 1);
    return asked.map((options) => describeWith(impl, engine, problem, options, tell));
  } catch (error) {
    return [{ options: {}, failed: `its options() failed: ${tell(error)}` }];
  }
}

function describeWith(
  impl: AnyImplementation,
  engine: Engine<unknown>,
  problem: Problem,
  options: Options,
  tell: (error: unknown) => string,
): Description {
  let asked = "unsupported()";
  try {
    const unsupported = unsupportedReason(impl, problem, options, engine);
    if (unsupported !== undefined) return { options, unsupported };
    asked = "cost()";
    const cost = impl.cost?.(problem, options);
    asked = "timed() or rounding()";
    return { options, cost, work: workOf(impl, problem, options) };
  } catch (error) {
    if (error instanceof RoundingRefused) return { options, failed: error.message };
    return { options, failed: `its ${asked} failed: ${tell(error)}` };
  }
}

/** What a plan must know of an implementation, as plain data. */
export function nameplate(impl: AnyImplementation): Omit<InventoryEntry, "costs"> {
  const { source, dtypes, bitwise, nonFinite } = impl;
  return {
    name: implementationName(impl),
    source,
    ...(dtypes ? { dtypes } : {}),
    ...(bitwise === false ? { bitwise } : {}),
    ...(nonFinite ? { nonFinite } : {}),
    origin: originOf(impl),
  };
}

export function plainEntry({ load: _loaded, ...listed }: EngineEntry): ListedEngine {
  // a user's may hold more than what can cross
  return JSON.parse(JSON.stringify(listed)) as ListedEngine;
}
