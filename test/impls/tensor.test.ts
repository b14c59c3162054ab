/** Tensors before any engine has seen them: rounding to a dtype, rows and columns, given and random values. */
import { describe, expect, it } from "vitest";
import { hashAt, streamKeys, timeStep } from "../../impls/random.js";
import { matrixShape, type RandomTensor, readerOf, roundTo, toFloat32 } from "../../impls/tensor.js";

describe("roundTo", () => {
  it.each([
    ["f32", 1 + 2 ** -24, 1],
    ["f32", 1 + 2 ** -24 + 2 ** -40, 1 + 2 ** -23],
    ["bf16", 1 + 2 ** -8, 1],
    ["bf16", 1 + 3 * 2 ** -8, 1 + 2 ** -6],
    ["bf16", 3.4e38, Number.POSITIVE_INFINITY],
    ["bf16", -0.1, -0.10009765625],
    ["f16", 1 + 2 ** -11, 1],
    ["f16", 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ["f16", 0.1, 0.0999755859375],
    ["f16", 65504, 65504],
    ["f16", 65519.99, 65504],
    ["f16", 65520, Number.POSITIVE_INFINITY],
    ["f16", -70000, Number.NEGATIVE_INFINITY],
    ["f16", 2 ** -24, 2 ** -24],
    ["f16", 2 ** -25, 0],
    ["f16", 1.5 * 2 ** -24, 2 ** -23],
    ["f16", 2047.5, 2048],
    ["f64", 1 / 3, 1 / 3],
  ] as const)("%s of %d is %d", (dtype, value, wanted) => {
    expect(roundTo(dtype, value)).toBe(wanted);
  });

  it.each(["f64", "f32", "f16", "bf16"] as const)(
    "%s keeps NaN, infinities and the sign of zero",
    (dtype) => {
      expect(roundTo(dtype, Number.NaN)).toBeNaN();
      expect(roundTo(dtype, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
      expect(Object.is(roundTo(dtype, -0), -0)).toBe(true);
    },
  );
});

const random = (
  axes: string[],
  shape: number[],
  distribution: RandomTensor["distribution"],
): RandomTensor => ({
  kind: "random",
  axes,
  shape,
  name: "X",
  seed: 9,
  distribution,
});

describe("matrixShape", () => {
  it.each([
    [["batch", "length", "heads", "headDim"], [2, 3, 5, 7], { rows: 6, cols: 35 }],
    [["batch", "heads", "headDim", "state"], [2, 5, 7, 3], { rows: 2, cols: 105 }],
    [["heads", "headDim"], [5, 7], { rows: 1, cols: 35 }],
    [["heads", "headDim", "length"], [5, 7, 11], { rows: 1, cols: 385 }],
    [["batch", "context", "groups", "headDim"], [2, 3, 1, 4], { rows: 6, cols: 4 }],
  ])("%j", (axes, shape, wanted) => {
    expect(matrixShape(random(axes, shape, "signed"))).toEqual(wanted);
  });
});

describe("readerOf", () => {
  it("reads given values in C order, rounded to the dtype", () => {
    const data = Float64Array.of(0.1, 0.2, 0.3, 0.4);
    const given = { kind: "given", axes: ["batch", "length", "heads"], shape: [1, 2, 2], data } as const;
    expect(readerOf(given, "f64").at(1, 0)).toBe(0.3);
    expect(readerOf(given, "f32").at(1, 1)).toBe(Math.fround(0.4));
    expect(readerOf(given, "bf16").at(0, 0)).toBe(0.10009765625);
  });

  it("logDecay is minus the step of the stream dt times the head's rate, also in another dtype", () => {
    const { at } = readerOf(random(["batch", "length", "heads"], [1, 4, 8], "logDecay"), "f16");
    expect(at(2, 3)).toBe(-16 * timeStep(hashAt(streamKeys(9, "dt"), 2, 3)));
  });

  it("channelDecay grows along the state and falls by powers of four over the channels", () => {
    const { at } = readerOf(random(["heads", "headDim", "state"], [2, 2, 3], "channelDecay"), "f32");
    expect([0, 1, 2, 3, 9].map((col) => at(0, col))).toEqual(
      [-1, -2, -3, -1, -1].map((n, i) => n * [4 ** -5, 4 ** -5, 4 ** -5, 1 / 4, 1][i]),
    );
  });

  it("longKernel decays by halves, more slowly in later channels", () => {
    const { at } = readerOf(random(["heads", "headDim", "length"], [1, 2, 512], "longKernel"), "f32");
    for (let j = 0; j < 512; j++) {
      expect(Math.abs(at(0, j))).toBeLessThan(2 ** -Math.floor(j / 64));
      expect(Math.abs(at(0, 512 + j))).toBeLessThan(2 ** -Math.floor(j / 128));
    }
  });

  it("weights have both signs, the size of one over the root of their columns, and repeat after 61", () => {
    const { at } = readerOf(random(["projected", "modelDim"], [3, 130], "weight"), "f32");
    const row = Array.from({ length: 130 }, (_, i) => at(0, 130 + i));
    expect(row.slice(61)).toEqual(row.slice(0, 69));
    expect(new Set(row.slice(0, 61)).size).toBe(61);
    expect(row[0]).not.toBe(at(0, 0));
    // 4^4 is the first power of four that is not below 130
    expect(row.every((value) => Math.abs(value) < 2 ** -4 && Math.fround(value) === value)).toBe(true);
    expect(row.some((value) => value < 0) && row.some((value) => value > 2 ** -5)).toBe(true);
  });

  it("stepBias lies in (-6, -2], and logIndex near a logarithm, both exact in float32", () => {
    const bias = readerOf(random(["heads"], [500], "stepBias"), "f32");
    const log = readerOf(random(["inner", "state"], [2, 500], "logIndex"), "f64");
    for (let i = 0; i < 500; i++) {
      expect(bias.at(0, i)).toBeLessThanOrEqual(-2);
      expect(bias.at(0, i)).toBeGreaterThan(-6);
      expect(Math.fround(bias.at(0, i))).toBe(bias.at(0, i));
      const wanted = Math.log(i + 1);
      expect(Math.abs(log.at(0, 500 + i) - wanted)).toBeLessThan(0.11);
      expect(Math.fround(log.at(0, i))).toBe(log.at(0, i));
    }
    expect([0, 1, 3].map((i) => log.at(0, i))).toEqual([0, 0.6875, 1.375]);
  });

  it("toFloat32 holds what the reader reads", () => {
    const source = random(["batch", "length", "heads", "headDim"], [2, 3, 2, 2], "coherent");
    const { at } = readerOf(source, "bf16");
    expect([...toFloat32(source, "bf16")]).toEqual(
      Array.from({ length: 24 }, (_, i) => at(Math.floor(i / 4), i % 4)),
    );
  });
});
