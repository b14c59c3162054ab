/** The norm's gradients in float64, and its value by the equation. */
import { expect, it } from "vitest";
import { EPS, rmsNorm, rmsNormGradient } from "../../../impls/learning/rms-norm.js";
import { differences, waves } from "./differences.js";

const [rows, columns] = [3, 5];
const X = waves(rows * columns, 0);
const weight = waves(columns, 1);
const dY = waves(rows * columns, 2);
const Y = new Float64Array(rows * columns);

it("is x / sqrt(mean(x^2) + eps) weight", () => {
  rmsNorm(X, weight, Y);
  const row = [...X.subarray(columns, 2 * columns)];
  const root = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0) / columns + EPS);
  for (const [j, x] of row.entries()) expect(Y[columns + j]).toBeCloseTo((x / root) * weight[j], 14);
});

it("gradients are those of differences", () => {
  const loss = () => {
    rmsNorm(X, weight, Y);
    return Y.reduce((sum, y, i) => sum + y * dY[i], 0);
  };
  const [dX, dWeight] = [new Float64Array(X.length), new Float64Array(columns)];
  rmsNormGradient({ X, weight, dY }, { dX, dWeight }, new Float64Array(columns));
  for (const [i, value] of differences(X, loss).entries()) expect(dX[i]).toBeCloseTo(value, 8);
  for (const [j, value] of differences(weight, loss).entries()) expect(dWeight[j]).toBeCloseTo(value, 8);
});
