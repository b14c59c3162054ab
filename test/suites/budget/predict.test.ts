import { expect, it } from "vitest";
import { extrapolate, logSlope } from "../../../suites/budget/predict.js";

const power = (exponent: number) => (x: number) => ({ x, y: 3 * x ** exponent });

it.each([1, 1.5, 2])("a power law with exponent %d is continued", (exponent) => {
  const points = [1, 2, 4, 8].map(power(exponent));
  expect(logSlope(points)).toBeCloseTo(exponent, 9);
  expect(extrapolate(points, 64)).toBeCloseTo(3 * 64 ** exponent, 3);
});

it("the last points count: start-up costs of small sizes are forgotten", () => {
  const points = [1, 2, 4, 8, 16].map((x) => ({ x, y: Math.max(5, x) }));
  expect(extrapolate(points.slice(2), 32)).toBeLessThanOrEqual(32);
  expect(extrapolate([...points, { x: 32, y: 32 }], 64)).toBeCloseTo(64, 6);
});

it("one point or none says nothing of growth, and noise never shrinks a larger case", () => {
  expect(extrapolate([{ x: 10, y: 5 }], 40)).toBeUndefined();
  expect(extrapolate([], 40)).toBeUndefined();
  expect(
    extrapolate(
      [
        { x: 1, y: 9 },
        { x: 2, y: 4 },
      ],
      8,
    ),
  ).toBe(4);
});

it("predicts from smaller sizes only, whatever a larger one took", () => {
  const quadratic = [
    { x: 1, y: 1 },
    { x: 4, y: 16 },
  ];
  expect(extrapolate(quadratic, 2)).toBeUndefined();
  expect(extrapolate([{ x: 0.5, y: 0.25 }, ...quadratic], 2)).toBeCloseTo(4, 9);
  expect(extrapolate([{ x: 4, y: 16 }], 2)).toBeUndefined();
});

it("noise between two points draws no case larger than a quadratic form's", () => {
  const noisy = [
    { x: 1, y: 1 },
    { x: 2, y: 20 },
  ];
  expect(logSlope(noisy)).toBeGreaterThan(4);
  expect(extrapolate(noisy, 20)).toBeCloseTo(2000, 6);
});
