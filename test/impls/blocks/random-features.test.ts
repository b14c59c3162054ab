/** The matrix of random features: normal numbers, the same everywhere, whose features multiply to what softmax attention takes. */
import { expect, it } from "vitest";
import { featureMatrix, featureShare } from "../../../impls/blocks/random-features.js";

it("has rows of normal numbers times N^(-1/4)", () => {
  const state = 128;
  const w = Array.from(featureMatrix(state), (value) => value * state ** 0.25);
  const moment = (power: number) => w.reduce((sum, value) => sum + value ** power, 0) / w.length;
  // five standard deviations of each moment of 16,384 numbers
  const close = (spread: number) => (5 * spread) / state;
  expect(Math.abs(moment(1))).toBeLessThan(close(1));
  expect(Math.abs(moment(2) - 1)).toBeLessThan(close(Math.sqrt(2)));
  expect(Math.abs(moment(3))).toBeLessThan(close(Math.sqrt(15)));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(close(Math.sqrt(96)));
});

it("is the same everywhere", () => {
  // made in Python of the hashes that impls/random.ts writes out
  const made = [-0.63326746, 0.71483725, -1.43915987, -0.51424658];
  for (const [i, value] of featureMatrix(2).entries()) expect(value).toBeCloseTo(made[i], 6);
});

it("makes features whose products are exp(x . y), nearly", () => {
  const state = 256;
  const W = featureMatrix(state);
  const features = (v: readonly number[]) => {
    const square = featureShare(state) * v.reduce((sum, x) => sum + x * x, 0);
    return v.map((_, i) => Math.exp(v.reduce((sum, x, j) => sum + W[i * state + j] * x, 0) - square) / 16);
  };
  for (const [a, b] of [
    [0.3, 0.2],
    [-0.3, 0.2],
    [0.25, 0.25],
  ]) {
    const [q, k] = [a, b].map((size) => Array.from({ length: state }, (_, i) => size * (1 + (i % 3)) * 0.5));
    const exact = Math.exp(q.reduce((sum, x, i) => sum + (x * k[i]) / 16, 0));
    const got = features(q).reduce((sum, x, i) => sum + x * features(k)[i], 0);
    // 256 samples of variance exp(|x + y|^2) - 1 of the value's square (lemma 2)
    const far = q.reduce((sum, x, i) => sum + (x + k[i]) ** 2 / 16, 0);
    expect(Math.abs(got / exact - 1)).toBeLessThan(4 * Math.sqrt(Math.expm1(far) / state));
  }
});
