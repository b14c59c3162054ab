/** The norm behind the last layer: y = x / sqrt(mean(x^2) + eps) weight, as mamba_ssm's MixerModel has it (norm_f, rms_norm). */
import type { Reals } from "./reals.js";

export const EPS = 1e-5;

/** 1 / sqrt(mean(x^2) + eps) of a row. */
function inverseRoot(X: Reals, first: number, columns: number): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) sum += X[first + j] * X[first + j];
  return 1 / Math.sqrt(sum / columns + EPS);
}

/** @param X (rows, columns) @param weight (columns) @param Y as X */
export function rmsNorm(X: Reals, weight: Reals, Y: Reals): void {
  const columns = weight.length;
  for (let first = 0; first < X.length; first += columns) {
    const root = inverseRoot(X, first, columns);
    for (let j = 0; j < columns; j++) Y[first + j] = X[first + j] * root * weight[j];
  }
}

/**
 * With g = dY weight and r the inverse root: dX = r g - r^3 X mean(g X), dWeight = sum of dY X r over rows. Overwrites both.
 * @param sums float64 room for dWeight, (columns)
 */
export function rmsNormGradient(
  { X, weight, dY }: { readonly X: Reals; readonly weight: Reals; readonly dY: Reals },
  { dX, dWeight }: { readonly dX: Reals; readonly dWeight: Reals },
  sums: Float64Array,
): void {
  const columns = weight.length;
  sums.fill(0);
  for (let first = 0; first < X.length; first += columns) {
    const root = inverseRoot(X, first, columns);
    let product = 0;
    for (let j = 0; j < columns; j++) product += dY[first + j] * weight[j] * X[first + j];
    const pull = (product / columns) * root * root * root;
    for (let j = 0; j < columns; j++) {
      const i = first + j;
      dX[i] = root * dY[i] * weight[j] - pull * X[i];
      sums[j] += dY[i] * X[i] * root;
    }
  }
  dWeight.set(sums);
}
