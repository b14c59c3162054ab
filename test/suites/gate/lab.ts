/** A lab for tests: no budget, no signal, arms that differ by the module of their processes. */
import type { Lab, Sides } from "../../../suites/gate/lab.js";
import type { Host } from "../../../suites/processes/host.js";

export function labOf(host: Host, children: Sides<string>): Lab {
  const arm = (name: keyof Sides<unknown>) => ({ name, tree: undefined, child: children[name], files: [] });
  return {
    host,
    seed: 5,
    arms: { base: arm("base"), head: arm("head") },
    endMs: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    say: () => {},
    blockSpoiled: () => undefined,
  };
}
