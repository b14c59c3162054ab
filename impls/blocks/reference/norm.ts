/** RMS norm of numbers that carry their errors (impls/rms_norm_gated/README.md has its own roundings). */
import type { Reader } from "../../tensor.js";
import type { Numbers } from "./numbers.js";

/** Roundings of 1 / sqrt(mean + eps) behind the sum, and of the products with it and the weight. */
const OWN = 15;

/**
 * v <- v / sqrt(mean(v^2) + eps) weight in place, the mean over runs of `size` numbers. An error moves its own number, and by its share of
 * the sum of squares the root.
 */
export function normOf(of: Numbers, size: number, weight: Pick<Reader, "at">, eps: number): void {
  const { value, certified, squares, stored, storedSquares, perSum } = of;
  for (let first = 0; first < value.length; first += size) {
    let [sum, errors, walked, kept, keptWalk, sums] = [0, 0, 0, 0, 0, 0];
    for (let i = first; i < first + size; i++) {
      const v = Math.abs(value[i]);
      sum += v * v;
      errors += v * certified[i];
      walked += v * Math.sqrt(squares[i]);
      kept += v * stored[i];
      keptWalk += v * Math.sqrt(storedSquares[i]);
      sums += v * perSum[i];
    }
    const mean = sum / size + eps;
    const root = Math.sqrt(mean);
    // relative to the root
    const share = (moved: number) => moved / size / mean;
    for (let i = first; i < first + size; i++) {
      const factor = Math.abs(weight.at(0, i)) / root;
      const v = Math.abs(value[i]);
      const y = factor * v;
      value[i] *= weight.at(0, i) / root;
      certified[i] = factor * certified[i] + y * (share(errors) + size / 2 + OWN);
      // errors of a group's numbers may hang together: they share the map's steps
      squares[i] = (factor * Math.sqrt(squares[i]) + y * share(walked)) ** 2 + y * y * (size / 4 + OWN);
      stored[i] = factor * stored[i] + y * share(kept) + y;
      storedSquares[i] = (factor * Math.sqrt(storedSquares[i]) + y * share(keptWalk)) ** 2 + y * y;
      perSum[i] = factor * perSum[i] + y * share(sums);
    }
  }
}
