/** What the rows of a run say of the code behind them. */
import { basename, resolve } from "node:path";
import { engines } from "../../impls/engines/index.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import type { Made as MadeWith } from "../../reports/gate/verdict.js";
import type { Case } from "../plan/case.js";
import type { Present } from "../processes/engine-pool.js";
import { originOf } from "../processes/origin.js";
import type { Environment } from "./environment.js";
import type { Made } from "./rows.js";

export function madeBy(
  { dualbench, packages, sources }: Environment,
  targets: readonly Present[],
  impls: readonly AnyImplementation[],
): (one: Case) => Made {
  const perTarget = targets.map(({ traits, device, info }) => {
    const names = ["", device ?? ""].flatMap((key) => traits?.packages?.[key] ?? []);
    const versions = names.map((name) => [name, packages[name] ?? info.details[name]] as const);
    return Object.fromEntries(
      versions.filter((pair): pair is [string, string] => typeof pair[1] === "string"),
    );
  });
  return ({ target, impl }) => {
    const file = originOf(impls[impl])?.file;
    const hash = file === undefined ? undefined : sources[resolve(file)];
    const used = perTarget[target];
    return {
      version: dualbench.version,
      ...(Object.keys(used).length > 0 ? { packages: used } : {}),
      ...(file !== undefined && hash !== undefined ? { source: `${basename(file)} ${hash}` } : {}),
    };
  };
}

/** What a verdict or a baseline says of it: every package that some engine computes with. */
export function madeWith({ dualbench, packages, sources }: Environment): MadeWith {
  const names = engines.flatMap((entry) => Object.values(entry.packages ?? {}).flat());
  const installed = names.flatMap((name) => (packages[name] ? [[name, packages[name]] as const] : []));
  return { ...dualbench, packages: Object.fromEntries(installed), sources: { ...sources } };
}
