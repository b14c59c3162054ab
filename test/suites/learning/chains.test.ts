/** The language is what its definition says: two successors of each symbol, the first one three times of four, and its entropy. */
import { expect, it } from "vitest";
import { chainExamples, ENTROPY, LIKELY } from "../../../suites/learning/chains.js";

const SIZES = { length: 64, symbols: 6 };
const { count, length, tokens, targets } = chainExamples(SIZES, 40, 0, 200);

it("each token is asked for the next one", () => {
  for (let i = 0; i < count; i++) {
    const at = i * length;
    expect(targets.subarray(at, at + length - 1)).toEqual(tokens.subarray(at + 1, at + length));
  }
});

it("a symbol has two successors at most in a sequence, and others in another one", () => {
  const pairs = new Map<string, Set<number>>();
  for (let i = 0; i < tokens.length; i++) {
    const key = `${Math.floor(i / length)} ${tokens[i]}`;
    pairs.set(key, (pairs.get(key) ?? new Set()).add(targets[i]));
  }
  expect(Math.max(...[...pairs.values()].map(({ size }) => size))).toBe(2);
  const behindZero = new Set(
    [...pairs].filter(([key]) => key.endsWith(" 0")).flatMap(([, next]) => [...next]),
  );
  expect(behindZero.size).toBe(SIZES.symbols);
});

it("whoever counts what came behind a symbol so far comes near the entropy", () => {
  let [nats, looked] = [0, 0];
  for (let i = 0; i < count; i++) {
    const table = Array.from({ length: SIZES.symbols }, () => new Float64Array(SIZES.symbols).fill(0.02));
    for (let t = 0; t < length; t++) {
      const [from, to] = [tokens[i * length + t], targets[i * length + t]];
      const total = table[from].reduce((sum, seen) => sum + seen, 0);
      if (t >= length / 2) {
        nats -= Math.log(table[from][to] / total);
        looked++;
      }
      table[from][to]++;
    }
  }
  expect(ENTROPY).toBeCloseTo(0.5623, 4);
  expect(LIKELY).toBe(0.75);
  expect(nats / looked).toBeGreaterThan(ENTROPY);
  expect(nats / looked).toBeLessThan(ENTROPY + 0.35);
});
