/** What an implementation declares of its roundings decides what it is held to: is it something that arithmetic can mean? */
import type { ProductSums, Rounding } from "../../impls/bound.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import type { Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import type { Dtype } from "../../impls/tensor.js";

/** A tenth of the scale: a result that may be so wrong says nothing. */
export const VACUOUS = 0.1;

/** Coarsest roundoff of a sum and of storage by dtype. TF32 products round f32 to 2^-10. */
const COARSEST: Readonly<Record<Dtype, { readonly accumulate: number; readonly storage: number }>> = {
  f64: { accumulate: 2 ** -24, storage: 2 ** -24 },
  f32: { accumulate: 2 ** -20, storage: 2 ** -10 },
  f16: { accumulate: 2 ** -11, storage: 2 ** -10 },
  bf16: { accumulate: 2 ** -8, storage: 2 ** -8 },
};

/** @throws Error with what is wrong, in words that name the implementation's `rounding` */
export function declaredRounding(impl: AnyImplementation, problem: Problem, options: Options): Rounding {
  const declared: unknown = impl.rounding(problem, options);
  const fault = roundingFault(declared, problem.dtype);
  if (fault !== undefined) throw new RoundingRefused(`its rounding ${fault}`);
  return declared as Rounding;
}

/** An implementation that declares what no arithmetic does cannot be held to it: it is refused. */
export class RoundingRefused extends Error {
  override readonly name = "RoundingRefused";
}

/** What is wrong with a declaration, as the rest of a sentence about it; undefined where nothing is. */
export function roundingFault(declared: unknown, dtype: Dtype): string | undefined {
  if (typeof declared !== "object" || declared === null) return `must be an object, got ${String(declared)}`;
  const rounding = declared as Readonly<Record<string, unknown>>;
  const known = ["accumulate", "storage", "roundings", "longestSum", "decay", "products", "transform"];
  const strange = Object.keys(rounding).find((name) => !known.includes(name));
  for (const name of known.slice(0, 4)) {
    const value = rounding[name];
    if (typeof value === "number" && Number.isFinite(value) && value >= 0) continue;
    const instead = value === undefined && strange !== undefined ? ` (there is ${strange})` : "";
    return `must have a finite number of at least 0 as ${name}, got ${String(value)}${instead}`;
  }
  const { accumulate, storage, roundings, decay, products } = declared as Rounding;
  const coarsest = COARSEST[dtype];
  if (accumulate === 0) return "must have a positive accumulate, got 0";
  if (accumulate > coarsest.accumulate)
    return `has accumulate ${accumulate}, which no sum of ${dtype} values means: at most ${coarsest.accumulate}`;
  if (storage > coarsest.storage)
    return `has storage ${storage}, which no storage of ${dtype} values means: at most ${coarsest.storage}`;
  if (roundings * storage > VACUOUS)
    return `is vacuous: ${roundings} roundings of ${storage} are more than a tenth of the scale`;
  const unitFault = products && productsFault(products, -Math.log2(coarsest.accumulate));
  if (unitFault) return unitFault;
  if (decay !== "segsum" && decay !== "prefix")
    return `must have segsum or prefix as decay, got ${String(decay)}`;
  return undefined;
}

/** @param leastBits of a sum: fewer are no sum of this dtype */
function productsFault({ unit, terms }: ProductSums, leastBits: number): string | undefined {
  const { bits, guardBits, block }: Partial<ProductSums["unit"]> = unit ?? {};
  for (const [name, value, least] of [
    ["products.unit.bits", bits, leastBits],
    ["products.unit.guardBits", guardBits, 0],
    ["products.unit.block", block, 1],
    ["products.terms", terms, 1],
  ] as const)
    if (!Number.isInteger(value) || value! < least)
      return `must have a whole number of at least ${least} as ${name}, got ${String(value)}`;
  return undefined;
}
