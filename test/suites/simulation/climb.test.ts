/**
 * The certified bound is never exceeded, whatever a search tries: every operation rounded to 8 to 11 bits, or off by all that the
 * derivation grants it. And it can be exceeded: by one bit, by a rounding that nobody declared, by running sums, by a unit that cuts more.
 */
import { describe, expect, it } from "vitest";
import { HOPPER, NVIDIA, UNSPECIFIED } from "../../../impls/matrix-unit.js";
import { rounding } from "../../../suites/simulation/arithmetic.js";
import { climbInputs, climbSigns } from "../../../suites/simulation/climb.js";
import { chunked, differenceOfSums, recurrent } from "../../../suites/simulation/forms/ssd.js";
import { onMatrixUnit } from "../../../suites/simulation/matrix-unit.js";
import { ssdSubject } from "../../../suites/simulation/subjects/recurrences.js";
import { subjects } from "../../../suites/simulation/subjects.js";

/** Bits of a significand, and how many tokens the bound is claimed of at such a roundoff. */
const PRECISIONS = [
  [8, 6],
  [9, 8],
  [10, 12],
  [11, 16],
] as const;

const few = { seed: 34, starts: 2, changes: 24 };

describe.each(PRECISIONS)("%i bits, %i tokens, seed 34", (bits, length) => {
  it.each(subjects(length).map((subject) => ({ name: subject.name, subject })))(
    "$name stays within the certified bound",
    ({ subject }) => {
      const reached = climbInputs({ ...few, subject, bits });
      expect(reached.claimed).toBe(1);
      expect(reached.ratio).toBeLessThanOrEqual(1);
      // a search that finds no error has judged nothing
      expect(reached.ratio).toBeGreaterThan(0.01);
    },
  );
});

describe("the worst that a derivation admits, 9 bits, 8 tokens, seed 34", () => {
  it.each(subjects(8).map((subject) => ({ name: subject.name, subject })))(
    "$name stays within the certified bound",
    ({ subject }) => {
      const reached = climbSigns({ ...few, changes: 0, subject, bits: 9 });
      expect(reached.ratio).toBeLessThanOrEqual(1);
      expect(reached.ratio).toBeGreaterThan(0.02);
    },
  );

  it.each(
    subjects(8)
      .filter(({ name }) => /^(ssd|selective_scan)/.test(name))
      .map((subject) => ({ name: subject.name, subject })),
  )("$name exceeds it where every operation errs twice as much", ({ subject }) => {
    expect(climbSigns({ ...few, changes: 20, subject, bits: 11 }, 2 ** -10).ratio).toBeGreaterThan(1);
  });
});

describe("what nobody declared exceeds the certified bound, 11 bits, 12 tokens, seed 34", () => {
  const search = { seed: 34, starts: 6, changes: 60, bits: 11 };

  it("a state that is kept in five bits fewer", () => {
    const subject = ssdSubject("recurrent, kept shorter", recurrent(rounding(6)), 0, 12);
    expect(climbInputs({ ...search, subject }).ratio).toBeGreaterThan(1);
  });

  it("decays from differences of running sums, until they are declared", () => {
    const subject = ssdSubject("chunked, prefix", chunked(4, differenceOfSums), 4, 12);
    expect(climbInputs({ ...search, subject }).ratio).toBeGreaterThan(1);
    const declared = { decay: "prefix" } as const;
    const reached = climbInputs({ ...search, subject, declared });
    expect(reached.claimed).toBe(1);
    expect(reached.ratio).toBeLessThanOrEqual(1);
  });
});

describe("a matrix unit of 11 bits, seed 34", () => {
  const units = { HOPPER, NVIDIA, UNSPECIFIED };
  const shapes = [
    [1, 1],
    [5, 3],
    [16, 8],
    [2, 16],
  ] as const;

  it.each(Object.entries(units))("%s stays within the bound that follows from it", (_, known) => {
    const unit = { ...known, bits: 11 };
    for (const [state, length] of shapes) {
      const subject = ssdSubject("chunked", chunked(length), length, length, state);
      const declared = { products: { unit, terms: state } };
      const reached = climbInputs({ ...few, subject, bits: 11, declared }, onMatrixUnit(unit));
      expect(reached.ratio).toBeLessThanOrEqual(1);
      expect(reached.ratio).toBeGreaterThan(0.03);
    }
  });
});
