import { describe, expect, it } from "vitest";
import { nearest, rounding, Worst } from "../../../suites/simulation/arithmetic.js";

describe("rounding to so many bits", () => {
  it("goes to the nearest, ties to even, of either sign and any exponent", () => {
    const round = rounding(8);
    for (const scale of [1, -1, 2 ** 40, -(2 ** -300)]) {
      expect(round(129 * scale)).toBe(129 * scale);
      expect(round(257 * scale)).toBe(256 * scale);
      expect(round(259 * scale)).toBe(260 * scale);
      expect(round(257.001 * scale)).toBe(258 * scale);
      expect(round(511.5 * scale)).toBe(512 * scale);
    }
    expect([0, Number.POSITIVE_INFINITY, Number.NaN].map(round)).toEqual([
      0,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ]);
  });

  it("sees a tie broken by the lowest bit of float64", () => {
    expect(rounding(8)(257 + 2 ** -44)).toBe(258);
    expect(rounding(20)(2 ** 20 + 1)).toBe(2 ** 20);
  });

  it("is float32's at 24 bits", () => {
    expect(rounding(24)(0.1)).toBe(Math.fround(0.1));
  });
});

describe("the nearest arithmetic", () => {
  it("rounds every step of a sum of products, onto what is there", () => {
    const { products } = nearest(8);
    // 255 x 255 = 65,025 rounds to 65,024; and 1 is lost beside it
    expect(
      products(
        2,
        (i) => [255, 1][i],
        (i) => [255, 1][i],
      ),
    ).toBe(65_024);
    expect(
      products(
        1,
        () => 3,
        () => 5,
        2,
      ),
    ).toBe(17);
  });
});

describe("the worst arithmetic", () => {
  it("errs by what each result is granted, as the signs say, and leaves zero alone", () => {
    const u = 2 ** -8;
    const { add, mul, exp, div } = new Worst(u, Int8Array.of(1, -1, 1, -1));
    expect(add(1, 1)).toBe(2 * (1 + u));
    expect(mul(2, 3)).toBe(6 * (1 - u));
    expect(exp(-1)).toBe(Math.exp(-1) * (1 + 5 * u));
    expect(div(1, 2)).toBe(0.5 * (1 - 2.5 * u));
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0);
  });
});
