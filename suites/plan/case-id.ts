/** Case ids: `operator/form.engine key=value ...`, the name under which a measurement is stored, filtered and repeated. */

import type { Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { ID_KEYS, type IdKey } from "../../reports/rows/row.js";

export type CaseKeys = Readonly<Partial<Record<IdKey, string | number>>>;

/** The keys that apply to a case. A dimension that follows from another one (context = length) is left out. */
export function caseKeys(
  problem: Problem,
  options: Options & { readonly cache?: string | undefined },
  device: string | undefined,
): CaseKeys {
  const dims = problem.dims as Readonly<Record<string, number>>;
  const all: Record<string, string | number | undefined> = { ...dims, ...options };
  all.dtype = problem.dtype;
  all.device = device;
  if (dims.context === dims.length) delete all.context;
  if (dims.headDimV === dims.headDim) delete all.headDimV;
  const present = ID_KEYS.filter((key) => all[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, all[key]]));
}

/** @throws when a value would make the id ambiguous */
export function caseId(name: string, keys: CaseKeys): string {
  const words = Object.entries(keys).map(([key, value]) => {
    if (!/^[a-z0-9._-]+$/.test(String(value)))
      throw new Error(`${name}: ${key}=${value} cannot stand in a case id, which needs [a-z0-9._-]+`);
    return `${key}=${value}`;
  });
  return [name, ...words].join(" ");
}

/** The operator and the keys that an id spells. */
export function parseCaseId(id: string): { operator: string; keys: Readonly<Record<string, string>> } {
  const [name, ...words] = id.split(" ");
  const keys = Object.fromEntries(words.map((word) => word.split("=", 2) as [string, string]));
  return { operator: name.split("/")[0], keys };
}
