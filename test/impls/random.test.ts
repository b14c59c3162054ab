/** The random functions: check values that another language must reproduce, and that they are random. Seeds are fixed. */
import { describe, expect, it } from "vitest";
import {
  channelRate,
  coherent,
  decayRate,
  fnv1a32,
  GRID_BITS,
  hashAt,
  mix,
  signed,
  streamKeys,
  timeStep,
} from "../../impls/random.js";
import { roundTo } from "../../impls/tensor.js";

const SEED = 20405;
const keys = streamKeys(SEED, "X");
const COUNT = 1 << 16;

/** (chi2 - degrees) / sqrt(2 degrees): within 4.5 once in about 100,000 fair tests. */
function chiSquareDeviation(counts: ArrayLike<number>, expected: number): number {
  let chi2 = 0;
  for (let i = 0; i < counts.length; i++) chi2 += (counts[i] - expected) ** 2 / expected;
  const degrees = counts.length - 1;
  return (chi2 - degrees) / Math.sqrt(2 * degrees);
}

describe("check values", () => {
  it.each([
    [0, "X", 0, 0, 0xd2977714],
    [0, "X", 524287, 1023, 0xd381e952],
    [7, "logA", 1, 2, 0xf596d51d],
  ])("seed %i %s (%i, %i)", (seed, name, row, col, hash) => {
    expect(hashAt(streamKeys(seed, name), row, col)).toBe(hash);
  });

  it("fnv1a32 as published", () => {
    expect([fnv1a32(""), fnv1a32("a"), fnv1a32("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });
});

describe(`hashes, seed ${SEED}`, () => {
  it.each([0, 8, 16, 24])("bits %i.. are uniform along rows and along columns", (shift) => {
    for (const at of [(i: number) => hashAt(keys, i, 5), (i: number) => hashAt(keys, 5, i)]) {
      const counts = new Float64Array(256);
      for (let i = 0; i < COUNT; i++) counts[(at(i) >>> shift) & 255]++;
      expect(Math.abs(chiSquareDeviation(counts, COUNT / 256))).toBeLessThan(4.5);
    }
  });

  it.each([
    [1, 0],
    [0, 1],
    [1, 1],
    [64, 0],
    [0, 64],
    [1024, 0],
  ])("a value says nothing about the one %i rows and %i columns on", (rowLag, colLag) => {
    let sum = 0;
    const pairs = new Float64Array(256);
    for (let i = 0; i < COUNT; i++) {
      const [row, col] = [i >>> 8, i & 255];
      const [a, b] = [hashAt(keys, row, col), hashAt(keys, row + rowLag, col + colLag)];
      sum += (a / 2 ** 32 - 0.5) * (b / 2 ** 32 - 0.5) * 12;
      pairs[(a >>> 28) * 16 + (b >>> 28)]++;
    }
    expect(Math.abs(sum / Math.sqrt(COUNT))).toBeLessThan(4.5);
    expect(Math.abs(chiSquareDeviation(pairs, COUNT / 256))).toBeLessThan(4.5);
  });

  it.each([
    ["name", streamKeys(SEED, "B")],
    ["seed", streamKeys(SEED + 1, "X")],
  ])("another %s is another stream", (_what, other) => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++)
      sum += (hashAt(keys, i, 3) / 2 ** 32 - 0.5) * (hashAt(other, i, 3) / 2 ** 32 - 0.5) * 12;
    expect(Math.abs(sum / Math.sqrt(COUNT))).toBeLessThan(4.5);
  });

  it("one flipped bit of row, column or seed flips half of the hash", () => {
    const changes: ((i: number, bit: number) => number)[] = [
      (i, bit) => hashAt(keys, i ^ (1 << bit), 9) ^ hashAt(keys, i, 9),
      (i, bit) => hashAt(keys, 9, i ^ (1 << bit)) ^ hashAt(keys, 9, i),
      (i, bit) => hashAt(streamKeys(i ^ (1 << bit), "X"), 1, 2) ^ hashAt(streamKeys(i, "X"), 1, 2),
    ];
    for (const change of changes)
      for (let bit = 0; bit < 20; bit++) {
        const flips = new Float64Array(32);
        for (let i = 0; i < 1024; i++)
          for (let out = 0, diff = change(i, bit); out < 32; out++) flips[out] += (diff >>> out) & 1;
        // 1024 fair coins: standard deviation 16; 32 x 60 of them looked at
        for (const count of flips) expect(Math.abs(count - 512)).toBeLessThan(16 * 5.5);
      }
  });

  it("mix is a bijection as far as 2^16 values tell", () => {
    expect(new Set(Array.from({ length: COUNT }, (_, i) => mix(i))).size).toBe(COUNT);
  });
});

describe("distributions", () => {
  const hashes = Array.from({ length: COUNT }, (_, i) => hashAt(keys, i >>> 6, i & 63));

  it.each(["f32", "f16", "bf16"] as const)(
    "%s values are exact in the dtype, in (-1, 1), never zero",
    (dtype) => {
      for (const h of hashes)
        for (const value of [coherent(h, GRID_BITS[dtype]), signed(h, GRID_BITS[dtype])])
          if (roundTo(dtype, value) !== value || value === 0 || Math.abs(value) >= 1)
            throw new Error(`${dtype} value ${value} of hash ${h}`);
    },
  );

  it("magnitudes are uniform", () => {
    const counts = new Float64Array(64);
    for (const h of hashes) counts[Math.floor(Math.abs(signed(h, 24)) * 64)]++;
    expect(Math.abs(chiSquareDeviation(counts, COUNT / 64))).toBeLessThan(4.5);
  });

  it("one in eight coherent values is negative, one in two signed ones", () => {
    const deviation = (fair: number, negative: number) =>
      (negative - fair * COUNT) / Math.sqrt(COUNT * fair * (1 - fair));
    const negatives = (value: (h: number) => number) => hashes.filter((h) => value(h) < 0).length;
    expect(
      Math.abs(
        deviation(
          1 / 8,
          negatives((h) => coherent(h, 24)),
        ),
      ),
    ).toBeLessThan(4.5);
    expect(
      Math.abs(
        deviation(
          1 / 2,
          negatives((h) => signed(h, 24)),
        ),
      ),
    ).toBeLessThan(4.5);
  });

  it("time steps lie in [2^-11, 2^-3), are floats, nearly log-uniform, with mean 0.0233", () => {
    const octaves = new Float64Array(8);
    let sum = 0;
    for (const h of hashes) {
      const step = timeStep(h);
      expect(step >= 2 ** -11 && step < 2 ** -3 && Math.fround(step) === step).toBe(true);
      octaves[Math.floor(Math.log2(step)) + 11]++;
      sum += step;
    }
    expect(Math.abs(chiSquareDeviation(octaves, COUNT / 8))).toBeLessThan(4.5);
    expect(sum / COUNT).toBeCloseTo(0.0233, 3);
  });

  it("decay rates take every power of four once in eight heads", () => {
    const rates = Array.from({ length: 8 }, (_, h) => decayRate(h)).sort((a, b) => b - a);
    expect(rates).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((power) => 16 * 4 ** -power));
    expect(decayRate(8)).toBe(decayRate(0));
    expect(channelRate(3)).toBe(decayRate(3) / 16);
  });
});
