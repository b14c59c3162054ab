import { describe, expect, it } from "vitest";
import { f32Rounding } from "../../../impls/bound.js";
import { implementationName } from "../../../impls/implementation.js";
import { implementations } from "../../../impls/index.js";
import { HOPPER, UNSPECIFIED } from "../../../impls/matrix-unit.js";
import { compare } from "../../../suites/check/check.js";
import { roundingFault } from "../../../suites/check/rounding.js";

const good = f32Rounding(64);

describe("a declared rounding", () => {
  it.each([
    [
      "a misspelt field",
      { ...good, accumulate: undefined, acumulate: 2 ** -24 },
      /accumulate, got undefined \(there is acumulate\)/,
    ],
    ["not a number", { ...good, storage: Number.NaN }, /storage, got NaN/],
    [
      "infinite",
      { ...good, accumulate: Number.POSITIVE_INFINITY },
      /finite number of at least 0 as accumulate/,
    ],
    ["negative", { ...good, accumulate: -1 }, /accumulate, got -1/],
    ["nothing", undefined, /must be an object, got undefined/],
    ["no roundoff", { ...good, accumulate: 0 }, /positive accumulate, got 0/],
    ["text", { ...good, longestSum: "64" }, /longestSum, got 64/],
    [
      "a coarse sum",
      { ...good, accumulate: 2 ** -9 },
      /accumulate 0.001953125, which no sum of f32 values means/,
    ],
    [
      "coarse storage",
      { ...good, storage: 2 ** -8, roundings: 4 },
      /storage 0.00390625, which no storage of f32/,
    ],
    [
      "many roundings",
      { ...good, storage: 2 ** -10, roundings: 400 },
      /vacuous: 400 roundings of 0.0009765625/,
    ],
    [
      "a matrix unit of few bits",
      { ...good, products: { unit: { ...HOPPER, bits: 11 }, terms: 64 } },
      /whole number of at least 20 as products.unit.bits, got 11/,
    ],
    ["no matrix unit", { ...good, products: { terms: 64 } }, /products.unit.bits, got undefined/],
    [
      "sums of no products",
      { ...good, products: { unit: HOPPER, terms: 0 } },
      /at least 1 as products.terms, got 0/,
    ],
    ["another decay", { ...good, decay: "none" }, /segsum or prefix as decay, got none/],
  ])("that is %s is refused", (_what, declared, fault) => {
    expect(roundingFault(declared, "f32")).toMatch(fault);
  });

  it("may be as coarse as its dtype", () => {
    expect(roundingFault(good, "f32")).toBeUndefined();
    expect(roundingFault({ ...good, products: { unit: UNSPECIFIED, terms: 1 } }, "f32")).toBeUndefined();
    expect(roundingFault({ ...good, storage: 2 ** -8, roundings: 4 }, "bf16")).toBeUndefined();
    expect(
      roundingFault({ ...good, storage: 2 ** -11, accumulate: 2 ** -11, roundings: 4 }, "f16"),
    ).toBeUndefined();
  });
});

it("bounds that allow an error of more than a tenth of the scale everywhere are vacuous", async () => {
  const { ssd } = await import("../../../impls/ssd/operator.js");
  const { randomProblem } = await import("../../../impls/operator.js");
  const dims = { batch: 1, length: 40, heads: 1, groups: 1, headDim: 2, state: 4 };
  const problem = randomProblem(ssd, { dims }) as never;
  const lanes = [0, 1].map((index) => ({ kind: "element", index }) as const);
  const reference = () => ssd.reference(problem, lanes);
  const exact = [...reference()].map(({ outputs }) => ({
    Y: outputs.Y.value,
    finalState: outputs.finalState.value,
  }));
  const truth = { operator: ssd, problem, lanes, reference };
  const rounded = (storage: number) => ({ ...good, storage, roundings: 1 });
  const inspection = { lanes: exact, fingerprint: "" };
  expect(compare(truth, inspection, rounded(0.05))).toMatchObject({ status: "good" });
  expect(compare(truth, inspection, rounded(0.11))).toMatchObject({
    status: "vacuous",
    reason: expect.stringMatching(/tenth of its scale/),
  });
});

it("every implementation here declares one that can be", () => {
  expect(implementations.length).toBeGreaterThan(20);
  for (const impl of implementations)
    for (const dtype of impl.dtypes ?? ["f32"]) {
      const dims = Object.fromEntries((impl.operator.dims as string[]).map((name) => [name, 128]));
      const problem = {
        operator: impl.operator.name,
        dtype,
        seed: 0,
        dims,
        inputs: {},
        settings: impl.operator.settings,
      };
      expect(
        roundingFault(impl.rounding(problem as never, { make: "math" }), dtype),
        implementationName(impl),
      ).toBeUndefined();
    }
});
