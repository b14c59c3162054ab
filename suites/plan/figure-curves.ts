/**
 * The quick grid's choice: the curves of Figure 10 and the recurrence, each once, on the first engine that has it. engines/index.ts
 * lists engines from the fastest to the most readable, so a run of under a minute spends its time on the numbers that people will
 * look at; the other grids run everything.
 */
import type { AnyImplementation } from "../../impls/implementation.js";
import { implementations } from "../../impls/index.js";

/** `operator/form` of each curve. */
const CURVES: readonly string[] = [
  "ssd/chunked",
  "ssd/recurrent",
  "selective_scan/recurrent",
  "selective_scan/scan",
  "attention/tiled",
  "convolution/fft",
];

/** Whether implementation i runs on target t. A user's own implementation always does. */
export function figureCurves(
  impls: readonly AnyImplementation[],
  targets: readonly { readonly engine: string }[],
): (impl: number, target: number) => boolean {
  const ours = new Set(implementations);
  const curve = (impl: AnyImplementation) => `${impl.operator.name}/${impl.form}`;
  const first = new Map(
    CURVES.map((name) => [
      name,
      targets.findIndex(({ engine }) =>
        impls.some((impl) => ours.has(impl) && impl.engine === engine && curve(impl) === name),
      ),
    ]),
  );
  return (i, t) => !ours.has(impls[i]) || first.get(curve(impls[i])) === t;
}
