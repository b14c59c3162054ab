/**
 * The quick grid's choice: the curves of Figure 10 and the recurrence, and every form of other operators, each once, on the first engine
 * that has it. engines/index.ts lists engines from the fastest to the most readable, so a run of under a minute spends its time on the
 * numbers that people will look at; the other grids run everything.
 */
import type { EngineTraits } from "../../impls/engines/index.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";
import { isQuickForm } from "../../reports/analysis/families.js";
import { GRIDS } from "../grids.js";

/** What the choice must know of an open engine. */
interface Choosable {
  readonly engine: string;
  readonly traits?: EngineTraits | undefined;
}

/**
 * Whether implementation i runs on target t. A user's own implementation always does.
 * @param isGuest of an engine: whether it is open for the user's implementations alone
 */
export function figureCurves(
  impls: readonly AnyImplementation[],
  targets: readonly Choosable[],
  isGuest: (engine: string) => boolean = () => false,
): (impl: number, target: number) => boolean {
  const ours = new Set(implementations);
  // a peer stands for a curve only where nobody else has it
  const order = [...targets.keys()].sort((a, b) => peerage(targets[a]) - peerage(targets[b]));
  const first = new Map<string, number>();
  for (const target of order.filter((at) => !isGuest(targets[at].engine)))
    for (const impl of impls)
      if (
        ours.has(impl) &&
        impl.engine === targets[target].engine &&
        isQuickForm(impl.operator.name, impl.form) &&
        takesQuickDtype(impl)
      )
        first.set(curveOf(impl), first.get(curveOf(impl)) ?? target);
  return (i, t) => !ours.has(impls[i]) || first.get(curveOf(impls[i])) === t;
}

/** An engine that stores nothing the grid asks for has none of its curves. */
function takesQuickDtype({ dtypes = ["f32"] }: AnyImplementation): boolean {
  return dtypes.some((dtype: (typeof dtypes)[number]) => GRIDS.quick.dtypes.includes(dtype));
}

function peerage({ traits }: Choosable): number {
  return traits?.peer ? 1 : 0;
}

function curveOf({ operator, form }: AnyImplementation): string {
  return `${operator.name} ${form}`;
}
