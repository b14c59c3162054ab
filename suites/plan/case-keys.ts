/** The keys by which a case id tells a problem, with its options, from others. */

import { operatorNamed } from "../../impls/index.js";
import { usualPairs } from "../../impls/mamba3/index.js";
import type { Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { mix } from "../../impls/random.js";
import type { GivenTensor } from "../../impls/tensor.js";
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
  // of gradients: with the forward pass or without it; other operators have no such key
  if (typeof problem.settings.training === "boolean")
    all.pass = problem.settings.training ? "training" : "backward";
  Object.assign(all, operatorNamed(problem.operator).idKeys?.(problem));
  if (dims.context === dims.length) delete all.context;
  if (dims.headDimV === dims.headDim) delete all.headDimV;
  if (dims.pairs === usualPairs(dims.state)) delete all.pairs;
  const present = ID_KEYS.filter((key) => all[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, all[key]]));
}

function packingOf({ inputs: { documents } }: Problem): string | undefined {
  return documents?.kind === "given" ? nameOf(documents) : undefined;
}

const names = new WeakMap<GivenTensor, string>();

/** What tells given values from others: their label, else a hash of their bits. */
export function nameOf(source: GivenTensor): string {
  const { label, data } = source;
  const known = label ?? names.get(source);
  if (known !== undefined) return known;
  const words = new Uint32Array(data.buffer, data.byteOffset, 2 * data.length);
  const hash = words.reduce((sum, word) => mix(sum ^ word), data.length);
  const name = `given-${hash.toString(16)}`;
  names.set(source, name);
  return name;
}
