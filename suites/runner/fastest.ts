/**
 * The quick grid's choice: every form once, on the first engine that has it. engines/index.ts lists engines from the fastest to the
 * most readable, so a run of under a minute spends its time on the numbers that people will look at; the other grids run all.
 */
import type { AnyImplementation } from "../../impls/implementation.js";
import type { Target } from "./plan.js";
import { originOf } from "./user-impls.js";

/** Whether implementation i runs on target t. A user's own implementation always does. */
export function fastestOfEachForm(
  impls: readonly AnyImplementation[],
  targets: readonly Target[],
): (impl: number, target: number) => boolean {
  const first = new Map<string, number>();
  for (const [t, { engine }] of targets.entries())
    for (const impl of impls.filter((one) => one.engine === engine && originOf(one) === undefined)) {
      const form = `${impl.operator.name}/${impl.form}`;
      if (!first.has(form)) first.set(form, t);
    }
  return (i, t) => {
    const impl = impls[i];
    return originOf(impl) !== undefined || first.get(`${impl.operator.name}/${impl.form}`) === t;
  };
}
