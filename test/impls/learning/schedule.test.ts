/** The learning rate over a training. */
import { expect, it } from "vitest";
import { rateAt } from "../../../impls/learning/schedule.js";

const schedule = { rate: 0.4, steps: 100, warmUp: 20 };

it("goes up in a straight line, stands at its largest, and falls by half a cosine to nothing", () => {
  expect(rateAt(schedule, 0)).toBeCloseTo(0.02, 14);
  expect(rateAt(schedule, 9)).toBeCloseTo(0.2, 14);
  expect(rateAt(schedule, 19)).toBeCloseTo(0.4, 14);
  expect(rateAt(schedule, 20)).toBe(0.4);
  expect(rateAt(schedule, 60)).toBeCloseTo(0.2, 14);
  expect(rateAt(schedule, 99)).toBeGreaterThan(0);
  expect(rateAt(schedule, 100)).toBeCloseTo(0, 14);
  expect(rateAt(schedule, 1000)).toBeCloseTo(0, 14);
});

it("begins at its largest where there is no way up", () => {
  expect(rateAt({ ...schedule, warmUp: 0 }, 0)).toBe(0.4);
});
