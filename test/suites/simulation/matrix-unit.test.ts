/** The simulated unit against what was measured on an H100 (mma.sync and wgmma, f16 and bf16 factors, f32 sums), and its bound. */
import { describe, expect, it } from "vitest";
import { boundAt, emptyBounds, f32Rounding } from "../../../impls/bound.js";
import { HOPPER, lostBy, UNSPECIFIED } from "../../../impls/matrix-unit.js";
import { nearest, rounding } from "../../../suites/simulation/arithmetic.js";
import { seeded } from "../../../suites/simulation/climb.js";
import { cutTo, onMatrixUnit, step, tf32 } from "../../../suites/simulation/matrix-unit.js";

const MANY = 65_536;
const f16 = rounding(11);

/** So many products of positive f16 numbers below 1, seed 1, and their sum. */
function positiveProducts() {
  const random = seeded(1);
  const draw = () => Float64Array.from({ length: MANY }, () => f16(random()));
  const [left, right] = [draw(), draw()];
  const exact = left.reduce((total, value, i) => total + value * right[i], 0);
  const relative = (sum: number) => (sum - exact) / exact;
  return { left: (i: number) => left[i], right: (i: number) => right[i], relative };
}

describe("one step", () => {
  it("keeps two bits below the last place and cuts the sum: 1 + 1.5 x 2^-24 is 1", () => {
    expect(step(HOPPER, 1, [1.5 * 2 ** -24])).toBe(1);
    // three terms of 2^-25 are kept until the sum is cut, as 4 of them show
    expect(step(HOPPER, 1, [2 ** -25, 2 ** -25, 2 ** -25, 2 ** -25])).toBe(1 + 2 ** -23);
    expect(step(HOPPER, 1, new Array(16).fill(0.99 * 2 ** -25))).toBe(1);
    expect(step(HOPPER, -1, [-1.99 * 2 ** -23])).toBe(-1 - 2 ** -23);
  });

  it("knows no order inside", () => {
    const random = seeded(2);
    const products = Array.from({ length: 16 }, () => (random() - 0.5) * 2 ** -Math.floor(30 * random()));
    const sum = step(HOPPER, 0.3, products);
    for (let turn = 1; turn < 16; turn++)
      expect(step(HOPPER, 0.3, [...products.slice(turn), ...products.slice(0, turn)])).toBe(sum);
  });

  it("takes subnormals of f16 exactly, and cuts factors in TF32 to ten bits", () => {
    expect(step(HOPPER, 0, [2 ** -24 * (3 * 2 ** -24)])).toBe(3 * 2 ** -48);
    expect(tf32(1 + 2 ** -10 + 2 ** -11)).toBe(1 + 2 ** -10);
    expect(tf32(-1 - 1.99 * 2 ** -10)).toBe(-1 - 2 ** -10);
    expect(cutTo(24, 0)).toBe(0);
  });
});

describe("65,536 products of positive numbers, seed 1", () => {
  const { left, right, relative } = positiveProducts();
  const loss = relative(onMatrixUnit(HOPPER).products(MANY, left, right));

  it("come out 3.8e-4 too small, where steps to nearest are 4e-7 off", () => {
    expect(loss).toBeGreaterThan(-3.95e-4);
    expect(loss).toBeLessThan(-3.75e-4);
    let toNearest = 0;
    for (let i = 0; i < MANY; i += 16) {
      const block = nearest(24).products(
        16,
        (j) => left(i + j),
        (j) => right(i + j),
      );
      toNearest = Math.fround(toNearest + block);
    }
    expect(Math.abs(relative(toNearest))).toBeLessThan(1e-6);
  });

  it("stay within both bounds of the unit, and not within the walk of sums to nearest", () => {
    const bounds = emptyBounds(1);
    bounds.scale.fill(1);
    bounds.count.fill(MANY);
    const onUnit = { ...f32Rounding(0), products: { unit: HOPPER, terms: MANY } };
    const { certified, probable } = boundAt(bounds, 0, onUnit);
    expect(-loss).toBeLessThan(certified);
    expect(-loss).toBeLessThan(probable);
    expect(-loss).toBeGreaterThan(8 * boundAt(bounds, 0, f32Rounding(0)).probable);
  });
});

describe("the most that a unit loses", () => {
  it.each([
    ["two guard bits", HOPPER],
    ["none", UNSPECIFIED],
  ])("is nearly lost where products lie just below what is kept: %s", (_, unit) => {
    const products = 16 * 64;
    const small = 2 ** (1 - unit.bits - unit.guardBits) * (1 - 2 ** -11);
    const sum = onMatrixUnit(unit).products(
      products,
      (i) => (i === 0 ? 1 : small),
      () => 1,
    );
    const scale = 1 + (products - 1) * small;
    const lost = (scale - sum) / scale / 2 ** -unit.bits;
    expect(lost).toBeLessThan(lostBy(unit, products));
    expect(lost).toBeGreaterThan(0.6 * lostBy(unit, products));
    // one guard bit more does not cover it
    const other = { ...unit, guardBits: unit.guardBits + 2 };
    expect(lost).toBeGreaterThan(lostBy(other, products));
  });
});
