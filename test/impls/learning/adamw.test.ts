/** AdamW against its algorithm written out for one number, and clipping. */
import { expect, it } from "vitest";
import { AdamW, clipScale, gradientNorm, type Parameter } from "../../../impls/learning/adamw.js";

function parameter(name: string, decays: boolean, values: number[]): Parameter {
  return { name, decays, values: Float64Array.from(values), gradient: new Float64Array(values.length) };
}

it.each([true, false])("three steps are those of the algorithm; pulled towards 0: %s", (decays) => {
  const one = parameter("w", decays, [0.5, -2]);
  const optimiser = new AdamW([one], { beta1: 0.9, beta2: 0.99, eps: 1e-3, weightDecay: 0.1 });
  let [w, m, v] = [-2, 0, 0];
  for (const [t, [rate, g]] of [
    [0.1, 3],
    [0.05, -1],
    [0.01, 0.5],
  ].entries()) {
    one.gradient.set([7, 2 * g]);
    optimiser.step(rate, 0.5);
    // algorithm 2 of arXiv 1711.05101, lines 6 to 12, with the decay times the rate as torch has it
    m = 0.9 * m + 0.1 * g;
    v = 0.99 * v + 0.01 * g * g;
    const [mHat, vHat] = [m / (1 - 0.9 ** (t + 1)), v / (1 - 0.99 ** (t + 1))];
    w = w - (decays ? rate * 0.1 * w : 0) - (rate * mHat) / (Math.sqrt(vHat) + 1e-3);
    expect(one.values[1]).toBeCloseTo(w, 13);
  }
  expect(optimiser.steps).toBe(3);
});

it("moments are as wide as their parameters", () => {
  const narrow = { ...parameter("w", true, [1]), values: Float32Array.of(1), gradient: Float32Array.of(0.1) };
  expect(new AdamW([narrow]).moments[0].mean).toBeInstanceOf(Float32Array);
});

it("clips by the norm of all gradients together", () => {
  const parameters = [parameter("a", true, [0]), parameter("b", true, [0, 0])];
  parameters[0].gradient.set([3]);
  parameters[1].gradient.set([0, -4]);
  expect(gradientNorm(parameters)).toBe(5);
  expect(5 * clipScale(5, 1)).toBeCloseTo(1, 6);
  expect(clipScale(0.5, 1)).toBe(1);
  expect(clipScale(0, 1)).toBe(1);
});
