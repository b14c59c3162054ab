/** What models begin with has the distribution that it should have, and depends on seed and name. */
import { expect, it } from "vitest";
import { drawNormal, drawUniform } from "../../../impls/learning/draws.js";

const COUNT = 20_000;

function momentsOf(values: Float64Array) {
  const mean = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / COUNT;
  return { mean: mean(1), square: mean(2), fourth: mean(4) };
}

it("uniform: mean 0, square 1/3, fourth power 1/5 of its bound's", () => {
  const values = new Float64Array(COUNT);
  drawUniform(values, 3, "w", 2);
  const { mean, square, fourth } = momentsOf(values);
  expect(Math.abs(mean)).toBeLessThan(5 * 2 * Math.sqrt(1 / 3 / COUNT));
  expect(square / (4 / 3)).toBeCloseTo(1, 1);
  expect(fourth / (16 / 5)).toBeCloseTo(1, 1);
  expect(Math.max(...values)).toBeLessThan(2);
});

it("normal: mean 0, its deviation, and three times the fourth power", () => {
  const values = new Float64Array(COUNT);
  drawNormal(values, 3, "w", 0.5);
  const { mean, square, fourth } = momentsOf(values);
  expect(Math.abs(mean)).toBeLessThan(5 * 0.5 * Math.sqrt(1 / COUNT));
  expect(square / 0.25).toBeCloseTo(1, 1);
  expect(fourth / (3 * 0.25 ** 2)).toBeCloseTo(1, 1);
});

it("another seed or another name is another stream", () => {
  const draw = (seed: number, name: string) => {
    const values = new Float64Array(4);
    drawNormal(values, seed, name, 1);
    return [...values];
  };
  expect(draw(1, "a")).toEqual(draw(1, "a"));
  expect(draw(1, "a")).not.toEqual(draw(2, "a"));
  expect(draw(1, "a")).not.toEqual(draw(1, "b"));
});
