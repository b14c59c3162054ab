/** Every form of an operator in tensor ops, on every backend that needs no native code, held against the reference. */
import { describe, expect, it } from "vitest";
import { open } from "../../impls/engines/tfjs.js";
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { agreement } from "./truth.js";

export const DEVICES = ["wasm", "cpu"] as const;

/** @param cases random inputs, which must also stay within the probable bound */
export function holdsOnEveryBackend(
  forms: readonly (readonly [AnyImplementation, Options])[],
  cases: Readonly<Record<string, Problem>>,
): void {
  each(forms, cases, async (impl, problem, options, engine) => {
    const { certified, probable, worst } = await agreement(impl, problem, options, engine);
    expect(certified, worst).toBeLessThanOrEqual(1);
    expect(probable, worst).toBeLessThanOrEqual(1);
  });
}

/** @param cases adversarial inputs, for which only the certified bound counts */
export function survivesOnEveryBackend(
  forms: readonly (readonly [AnyImplementation, Options])[],
  cases: Readonly<Record<string, Problem>>,
): void {
  each(forms, cases, async (impl, problem, options, engine) => {
    const { certified, worst } = await agreement(impl, problem, options, engine);
    expect(certified, worst).toBeLessThanOrEqual(1);
  });
}

type OpenEngine = Awaited<ReturnType<typeof open>>;

function each(
  forms: readonly (readonly [AnyImplementation, Options])[],
  cases: Readonly<Record<string, Problem>>,
  check: (impl: AnyImplementation, problem: Problem, options: Options, engine: OpenEngine) => Promise<void>,
): void {
  for (const device of DEVICES)
    for (const [impl, options] of forms) {
      const chunk = options.chunk ? ` chunk=${options.chunk}` : "";
      describe(`${implementationName(impl)}${chunk} device=${device}`, () => {
        for (const [name, problem] of Object.entries(cases))
          it(name, async () => check(impl, problem, options, await open(device)));
      });
    }
}
