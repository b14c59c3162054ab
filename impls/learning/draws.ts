/** What models begin with: numbers from the streams of impls/random.ts, the same on every machine. */
import { hashAt, streamKeys } from "../random.js";
import type { Reals } from "./reals.js";

const TWO_32 = 2 ** 32;

/** In (0, 1): never 0, whose logarithm there is none of. */
export function unit(h: number): number {
  return (h + 0.5) / TWO_32;
}

/** Uniform on (-bound, bound), as torch's Linear and Conv1d begin with a bound of 1 / sqrt(fan-in). */
export function drawUniform(values: Reals, seed: number, name: string, bound: number): void {
  const keys = streamKeys(seed, name);
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * unit(hashAt(keys, 0, i)) - 1);
}

/** Normal with mean 0, by Box and Muller. */
export function drawNormal(values: Reals, seed: number, name: string, deviation: number): void {
  const keys = streamKeys(seed, name);
  for (let i = 0; i < values.length; i++) {
    const radius = Math.sqrt(-2 * Math.log(unit(hashAt(keys, 0, i))));
    values[i] = deviation * radius * Math.cos(2 * Math.PI * unit(hashAt(keys, 1, i)));
  }
}
