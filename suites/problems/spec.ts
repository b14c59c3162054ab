/**
 * A problem in a few words: small, printable, and enough to make the same problem again. Generators draw specs and shrink them;
 * `buildProblem` (build.ts) turns one into values.
 */
import type { Settings } from "../../impls/operator.js";

/** Simplest first: shrinking walks to the left. sparse: one in eight is not zero, which shows wrong indices. */
export const VALUES = ["ones", "integers", "coherent", "signed", "sparse"] as const;
export type Values = (typeof VALUES)[number];

/**
 * How fast states are forgotten. near1: within 1e-4 of no decay; strong: e^-20 a token; underflow: products that leave f32's range;
 * mixed: mild steps, exact zeros, some -30, some -800 (where a difference of running sums loses digits); cut: one token in 16
 * forgets everything by a finite -1e4; reset: by -Infinity.
 */
export const DECAYS = [
  "none",
  "constant",
  "usual",
  "near1",
  "strong",
  "mixed",
  "cut",
  "underflow",
  "reset",
] as const;
export type Decay = (typeof DECAYS)[number];

export interface Spec {
  readonly operator: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly values: Values;
  readonly decay: Decay;
  /** Optional inputs that the problem has. */
  readonly with: readonly string[];
  /** Inputs in an alternative layout, e.g. a constant B. */
  readonly alternative: readonly string[];
  /** One input multiplied by a power of two. */
  readonly scale?: { readonly input: string; readonly exponent: number } | undefined;
  readonly settings: Settings;
  /** Which of an implementation's storage types to use; 0 is its first one. */
  readonly dtype: number;
}

export const ORDINARY_VALUES: readonly Values[] = ["coherent", "signed"];
export const ORDINARY_DECAYS: readonly Decay[] = ["none", "constant", "usual"];

/** Inputs like those that are timed are held to the probable bound too, all others to the certified one only. */
export function isOrdinary({ values, decay, scale }: Spec): boolean {
  return ORDINARY_VALUES.includes(values) && ORDINARY_DECAYS.includes(decay) && scale === undefined;
}

/** `length=3 heads=2, values ones, decay none, with D, X times 2^40`: dims of 1 are left out. */
export function describeSpec(spec: Spec): string {
  const dims = Object.entries(spec.dims).filter(([, size]) => size > 1);
  const parts = [
    dims.map(([dim, size]) => `${dim}=${size}`).join(" ") || "all dims 1",
    `values ${spec.values}`,
    `decay ${spec.decay}`,
    ...(spec.with.length > 0 ? [`with ${spec.with.join(", ")}`] : []),
    ...(spec.alternative.length > 0 ? [`constant ${spec.alternative.join(", ")}`] : []),
    ...(spec.scale ? [`${spec.scale.input} times 2^${spec.scale.exponent}`] : []),
    ...Object.entries(spec.settings).map(([name, value]) => `${name} ${value}`),
    `seed ${spec.seed}`,
  ];
  return `${spec.operator}: ${parts.join(", ")}`;
}
