/** Values for problems that random.ts does not make: extremes. Deterministic. */
import type { TensorSource } from "../../impls/tensor.js";
import { elementCount } from "../../impls/tensor.js";

/** A plain linear congruential generator of numbers in [0, 1). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Values of the same inputs and shapes, each from its name and a number in [0, 1). */
export function extremeValues<Names extends string>(
  inputs: { readonly [N in Names]?: TensorSource | undefined },
  random: () => number,
  value: (name: string, r: number) => number,
): Partial<Record<Names, Float64Array>> {
  const entries = Object.entries<TensorSource | undefined>(inputs).map(([name, source]) => [
    name,
    Float64Array.from({ length: elementCount(source!.shape) }, () => value(name, random())),
  ]);
  return Object.fromEntries(entries);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
