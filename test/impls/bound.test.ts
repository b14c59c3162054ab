/** How counts of roundings become bounds. */
import { describe, expect, it } from "vitest";
import { boundAt, emptyBounds, f32Rounding } from "../../impls/bound.js";

const u = 2 ** -24;

function element(values: Partial<Record<"scale" | "count" | "countPerSum" | "squares" | "tokens", number>>) {
  const bounds = { ...emptyBounds(1) };
  const filled = Object.entries(values).map(([name, value]) => [name, Float64Array.of(value)]);
  return { ...bounds, ...Object.fromEntries(filled) } as typeof bounds;
}

describe("boundAt", () => {
  it("takes roundings of size one as a random walk of three standard deviations", () => {
    const { certified, probable } = boundAt(element({ scale: 2, count: 100 }), 0, f32Rounding(0));
    expect(certified).toBe(200 * u);
    expect(probable).toBe(60 * u);
  });

  it("never lets the probable bound exceed the certified one", () => {
    const { certified, probable } = boundAt(element({ scale: 1, count: 2 }), 0, f32Rounding(0));
    expect(probable).toBe(certified);
  });

  it("goes by the squares where roundings have sizes of their own", () => {
    const { certified, probable } = boundAt(
      element({ scale: 1, count: 1000, squares: 16, countPerSum: 1 }),
      0,
      f32Rounding(9),
    );
    expect(certified).toBe(1009 * u);
    expect(probable).toBe(15 * u);
  });

  it("caps the longest sum of a form by the tokens that an element has", () => {
    const bounds = element({ scale: 1, countPerSum: 1, tokens: 4 });
    expect(boundAt(bounds, 0, f32Rounding(1000)).certified).toBe(4 * u);
    expect(boundAt(bounds, 0, f32Rounding(2)).certified).toBe(2 * u);
  });
});
