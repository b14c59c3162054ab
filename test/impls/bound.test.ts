/** How counts of roundings become bounds. */
import { describe, expect, it } from "vitest";
import { type Bounds, boundAt, emptyBounds, errorAt, f32Rounding, hostRounding } from "../../impls/bound.js";
import { HOPPER, UNSPECIFIED } from "../../impls/matrix-unit.js";

const u = 2 ** -24;

type Name = keyof Bounds;

function element(values: Partial<Record<Name, number>>) {
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

  it("takes what a matrix unit cuts off: all of it at most, half of it as a drift of one sign", () => {
    // 64 products in four steps of 17/2 + 2
    const onUnit = { ...f32Rounding(0), products: { unit: HOPPER, terms: 64 } };
    const { certified, probable } = boundAt(element({ scale: 1, count: 400, products: 64 }), 0, onUnit);
    expect(certified).toBe(400 * u);
    expect(probable).toBe((21 + 60) * u);
    // a single product is a step of its own
    const alone = { ...onUnit, products: { unit: HOPPER, terms: 1 } };
    expect(boundAt(element({ scale: 1, count: 13, products: 1 }), 0, alone).certified).toBe(22.5 * u);
    // where no reference says which roundings are products', all may be
    expect(boundAt(element({ scale: 1, count: 4 }), 0, alone).certified).toBe(42 * u);
  });

  it("takes sums over tokens on a matrix unit beside those over channels", () => {
    const onUnit = { ...f32Rounding(8), products: { unit: UNSPECIFIED, terms: 4 } };
    // 8 tokens in two steps of 5 x 2 + 2
    const { certified } = boundAt(element({ scale: 1, count: 10, countPerSum: 1, products: 0 }), 0, onUnit);
    expect(certified).toBe((10 + 8 + 24 - 8) * u);
  });

  it("adds roundings to storage and the floor", () => {
    const half = { ...f32Rounding(0), storage: 2 ** -11, roundings: 2 };
    expect(boundAt(element({ scale: 8, floor: 3 }), 0, half).certified).toBe(2 * 2 ** -11 * 8 + 3 * 2 ** -24);
    expect(boundAt(element({ scale: 8, floor: 3 }), 0, f32Rounding(0)).certified).toBe(3 * 1e-25);
  });

  it("differences of running sums pay for the log decay of their chunk", () => {
    const bounds = emptyBounds(4, true);
    bounds.scale.fill(1);
    bounds.decaySum.set([1, 3, 6, 10]);
    const prefix = { ...f32Rounding(2), decay: "prefix" as const };
    // chunks of 2: |logA| sums to 3 in the first, to 7 in the second
    expect([0, 1, 2, 3].map((i) => boundAt(bounds, i, prefix).certified / u)).toEqual([12, 12, 28, 28]);
  });

  it("and for that of an earlier chunk, whose decays a state carries on", () => {
    const bounds = emptyBounds(4, true);
    bounds.scale.fill(1);
    bounds.decaySum.set([4, 7, 8, 9]);
    const prefix = { ...f32Rounding(2), decay: "prefix" as const };
    expect([1, 3].map((i) => boundAt(bounds, i, prefix).certified / u)).toEqual([28, 28]);
    const state = { ...element({ scale: 1 }), allDecays: bounds.decaySum };
    expect(boundAt(state, 0, prefix).certified / u).toBe(28);
    expect(boundAt(state, 0, { ...prefix, longestSum: 4 }).certified / u).toBe(2 * 4 * 9);
  });

  it("lets what is known in advance stand beside the walk", () => {
    const { certified, probable } = boundAt(
      element({ scale: 2, count: 100, repeated: 50 }),
      0,
      f32Rounding(0),
    );
    expect(certified).toBe(200 * u);
    expect(probable).toBe(160 * u);
    const unknown = element({ scale: 2, count: 100, repeated: Number.POSITIVE_INFINITY });
    expect(boundAt(unknown, 0, f32Rounding(0)).probable).toBe(200 * u);
  });

  it("reports float64 accumulation in units of float32", () => {
    const { certified, unit } = boundAt(element({ scale: 1, count: 16 }), 0, hostRounding(0, 1));
    expect(unit).toBe(u);
    expect(certified / unit).toBeCloseTo(1, 6);
  });

  it("allows what the operator itself does, whatever is accumulated in", () => {
    const bounds = element({ scale: 1, count: 4, promised: 2 ** -30 });
    expect(boundAt(bounds, 0, f32Rounding(0)).certified).toBe(4 * u + 2 ** -30);
    expect(boundAt(bounds, 0, { ...f32Rounding(0), accumulate: 0 }).probable).toBe(2 ** -30);
  });
});

describe("errorAt", () => {
  it("is the difference, and on a circle the shorter way round", () => {
    expect(errorAt(element({ value: 2 }), 0, -1)).toBe(3);
    const circle = element({ value: 0.5, period: 8 });
    expect([7.5, 4.5, 8.5, 0.25].map((got) => errorAt(circle, 0, got))).toEqual([1, 4, 0, 0.25]);
    expect(errorAt(circle, 0, Number.NaN)).toBeNaN();
  });
});
