/**
 * The quick grid's choice: every form once, on the first engine that has it. engines/index.ts lists engines from the fastest to the
 * most readable, so a run of under a minute spends its time on the numbers that people will look at; the other grids run all.
 */
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import type { Target } from "./plan.js";

/** Whether implementation i runs on target t. A user's own implementation always does. */
export function fastestOfEachForm(
  impls: readonly AnyImplementation[],
  targets: readonly Target[],
): (impl: number, target: number) => boolean {
  const ours = new Set(implementations);
  const first = new Map<string, number>();
  for (const [t, { engine }] of targets.entries())
    for (const impl of impls.filter((one) => one.engine === engine && ours.has(one))) {
      const form = `${impl.operator.name}/${impl.form}`;
      if (!first.has(form)) first.set(form, t);
    }
  return (i, t) => {
    const impl = impls[i];
    return !ours.has(impl) || first.get(`${impl.operator.name}/${impl.form}`) === t;
  };
}
