/** A lab for tests: no budget, no signal, arms that differ by the module of their processes. */
import { ssd } from "../../../impls/ssd/operator.js";
import type { ArmCase, GateCase } from "../../../suites/gate/cases.js";
import type { Lab, Sides } from "../../../suites/gate/lab.js";
import type { Host } from "../../../suites/processes/host.js";
import { tiny } from "../measure/synthetic.js";

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

/** A small case of the same kernel in both arms. */
export function tinyCase(kernel: ArmCase): GateCase {
  return {
    id: "case",
    name: "ssd/recurrent.cpu",
    suites: [],
    operator: ssd,
    problem: tiny,
    problemKey: "tiny",
    target: { engine: "cpu", device: undefined, deviceKey: undefined },
    rank: 0,
    base: kernel,
    head: kernel,
    judged: true,
  };
}
