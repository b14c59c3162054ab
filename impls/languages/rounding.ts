/** What a header says of its arithmetic, in words, and what it means for the bound. */
import type { Rounding } from "../bound.js";
import { ROUNDOFF } from "../bound.js";
import { NVIDIA, UNSPECIFIED } from "../matrix-unit.js";
import type { Problem } from "../operator.js";
import type { Expression, Scope } from "./expression.js";
import type { Fields, Keys } from "./fields.js";

const KEYS: Keys = {
  terms: "required",
  storage: "optional",
  stored: "optional",
  accumulate: "optional",
  decay: "optional",
};

/** Of sums: `matrix` are f32 sums of matrix units, which cut bits off. f64 leaves room for what a first-order count omits. */
const ACCUMULATE = { f32: 2 ** -24, matrix: 2 ** -24, f64: 2 ** -49, f16: 2 ** -11, bf16: 2 ** -8 } as const;
const SUMS = Object.keys(ACCUMULATE) as (keyof typeof ACCUMULATE)[];
/** `dtype` is the problem's own; `tf32` too, but that f32 values are cut to ten bits before they are multiplied. */
const STORAGE = ["dtype", "f32", "f16", "bf16", "tf32"] as const;
const TF32 = 2 ** -10;

export interface DeclaredRounding {
  /** Longest sum over tokens. */
  readonly terms: Expression;
  readonly accumulate: (typeof SUMS)[number];
  readonly storage: (typeof STORAGE)[number];
  /** Roundings to storage between input and output. */
  readonly stored: Expression;
  readonly decay: Rounding["decay"];
}

export function readRounding(fields: Fields, names: readonly string[]): DeclaredRounding {
  const inside = fields.inside("rounding", KEYS)!;
  return {
    terms: inside.expression("terms", names)!,
    accumulate: inside.oneOf("accumulate", SUMS) ?? "f32",
    storage: inside.oneOf("storage", STORAGE) ?? "dtype",
    // the outputs themselves are stored
    stored: inside.expression("stored", names) ?? { text: "1", names: [], valueIn: () => 1 },
    decay: inside.oneOf("decay", ["segsum", "prefix"] as const) ?? "segsum",
  };
}

/** @param f32 roundoff of an f32 sum on the engine: 2^-24 where it rounds to nearest */
export function roundingOf(
  { terms, accumulate, storage, stored, decay }: DeclaredRounding,
  { dtype }: Pick<Problem, "dtype">,
  scope: Scope,
  f32: number,
): Rounding {
  const kept = storage === "dtype" || (storage === "tf32" && dtype !== "f32") ? dtype : storage;
  // where f32 itself rounds either way (WGSL), nobody says how a matrix unit adds
  const unit = f32 > ROUNDOFF.f32 ? UNSPECIFIED : NVIDIA;
  const roundoff = kept === "tf32" ? TF32 : ROUNDOFF[kept];
  // what is stored in the type of its sums is rounded by the sums already
  const exact = kept === "f32" && accumulate !== "f64";
  return {
    accumulate: accumulate === "f32" || accumulate === "matrix" ? f32 : ACCUMULATE[accumulate],
    // a sum that ends within a step is filled up with zeros
    ...(accumulate === "matrix" ? { products: { unit, terms: unit.block } } : {}),
    storage: exact ? 0 : roundoff,
    roundings: exact ? 0 : Math.max(0, stored.valueIn(scope)),
    longestSum: Math.max(0, terms.valueIn(scope)),
    decay,
  };
}
