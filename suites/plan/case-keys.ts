/** The keys by which a case id tells a problem, with its options, from others. */

import type { Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { type CaseKeys, ID_KEYS } from "../../reports/rows/case-id.js";

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
  // how the tokens are packed, not how many of the documents' states are asked for
  all.documents = packingOf(problem);
  if (dims.context === dims.length) delete all.context;
  if (dims.headDimV === dims.headDim) delete all.headDimV;
  const present = ID_KEYS.filter((key) => all[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, all[key]]));
}

function packingOf({ inputs: { documents } }: Problem): string | undefined {
  return documents?.kind === "given" ? (documents.label ?? "given") : undefined;
}
