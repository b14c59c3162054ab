/** Storage types on the card: bf16 beside the rounding that references use. */
import { expect, it } from "vitest";
import {
  bfloatBits,
  bfloatValue,
  givenBytes,
  refused,
  valuesIn,
} from "../../../../../impls/engines/cuda/problem/storage.js";
import { roundTo } from "../../../../../impls/tensor.js";

const values = Float64Array.from(
  { length: 600 },
  (_, i) => (i % 2 ? -1 : 1) * (1 + i / 512) * 2 ** ((i % 250) - 125),
);
const edges = [
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  3.4e38,
  -3.39e38,
  1e-40,
  0,
  -0,
  1 + 2 ** -8,
  1 + 3 * 2 ** -8,
];

it("rounds to bf16 as roundTo does, ties to even, and keeps what is not finite", () => {
  for (const value of [...values, ...edges])
    expect(bfloatValue(bfloatBits(value)), `${value}`).toBe(roundTo("bf16", value));
  expect(bfloatValue(bfloatBits(Number.NaN))).toBeNaN();
  expect(bfloatBits(1)).toBe(0x3f80);
  expect(bfloatBits(-2.5)).toBe(0xc020);
});

it.each(["f32", "f16", "bf16"] as const)("gives values of %s back", (dtype) => {
  const given = Float64Array.from([1, -0.5, 3, 1 / 3, 65_000]);
  const bytes = givenBytes(given, dtype);
  const back = valuesIn(bytes.slice().buffer as ArrayBuffer, dtype);
  expect(Array.from(back)).toEqual(Array.from(given, (value) => roundTo(dtype, value)));
});

it("refuses other types with a sentence", () => {
  expect(refused("bf16")).toBeUndefined();
  expect(refused("f64")).toBe("the cuda engine stores f32, f16 or bf16, not f64");
});
