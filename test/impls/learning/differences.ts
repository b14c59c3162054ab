/** Gradients by central differences in float64. */
import type { Reals } from "../../../impls/learning/reals.js";

/** d loss / d values, one number at a time. */
export function differences(values: Reals, loss: () => number, step = 1e-5): number[] {
  return Array.from(values, (value, i) => {
    values[i] = value + step;
    const above = loss();
    values[i] = value - step;
    const below = loss();
    values[i] = value;
    return (above - below) / (2 * step);
  });
}

/** Numbers of size one, of both signs. */
export function waves(count: number, phase: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + phase) + 0.2);
}
