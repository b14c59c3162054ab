/** The generator against the literature's definition: by its checker, and by what numbers of chance must show. */
import { describe, expect, it } from "vitest";
import type { Examples } from "../../../suites/learning/examples.js";

import { gapWeights, type MqarSizes, mqarExamples } from "../../../suites/learning/mqar.js";
import { mqarFaults } from "../../../suites/learning/mqar-check.js";
import { FIRST_TEST } from "../../../suites/learning/tasks.js";

const SEED = 40;
const SIZES: Readonly<Record<string, MqarSizes>> = {
  "as in Zoology's figure 2": { length: 64, pairs: 4, vocabulary: 8192, power: 0.01, fill: "zeros" },
  "length 256": { length: 256, pairs: 32, vocabulary: 8192, power: 0.01, fill: "random" },
  "length 512": { length: 512, pairs: 64, vocabulary: 8192, power: 0.01, fill: "random" },
  "length 1024": { length: 1024, pairs: 128, vocabulary: 8192, power: 0.01, fill: "random" },
  "no room to spare": { length: 16, pairs: 4, vocabulary: 10, power: 1, fill: "zeros" },
};

describe.each(Object.entries(SIZES))("%s", (_name, sizes) => {
  it("is as the definition says", () => {
    expect(mqarFaults(sizes, mqarExamples(sizes, SEED, 0, 24))).toEqual([]);
  });

  it("is a function of seed and place: examples of a batch are those that come one by one", () => {
    const all = mqarExamples(sizes, SEED, 5, 3);
    const one = mqarExamples(sizes, SEED, 6, 1);
    expect(all.tokens.subarray(sizes.length, 2 * sizes.length)).toEqual(one.tokens);
    expect(all.targets.subarray(sizes.length, 2 * sizes.length)).toEqual(one.targets);
    expect(mqarExamples(sizes, SEED + 1, 6, 1).tokens).not.toEqual(one.tokens);
    expect(mqarExamples(sizes, SEED, FIRST_TEST + 6, 1).tokens).not.toEqual(one.tokens);
  });
});

/** What goes wrong with a batch, as somebody could have written the generator. */
type Plant = (examples: Examples, sizes: MqarSizes) => void;

/** At each query. */
function atQueries({ tokens, targets, length }: Examples, change: (at: number, end: number) => void): void {
  for (let at = 0; at < tokens.length; at++)
    if (targets[at] >= 0) change(at, (Math.floor(at / length) + 1) * length);
}

const FAULTS: Readonly<Record<string, readonly [Plant, RegExp]>> = {
  "the answer stands in the place of the query": [
    (all) => atQueries(all, (at) => (all.tokens[at] = all.targets[at])),
    /the answer stands at place 0 from its query/,
  ],
  "the answer stands before the query": [
    (all) => atQueries(all, (at) => (all.tokens[at - 1] = all.targets[at])),
    /the answer stands at place -1 from its query/,
  ],
  "the answer comes behind the query, as labels that were not shifted have it": [
    (all) =>
      atQueries(all, (at, end) => {
        if (at + 1 < end) all.tokens[at + 1] = all.targets[at];
      }),
    /the answer stands at place 1 from its query/,
  ],
  "the target is one token late": [
    (all) => {
      all.targets.copyWithin(1, 0);
      all.targets[0] = -1;
    },
    /a target stands at an odd gap/,
  ],
  "a target is the value of another key": [
    (all) => atQueries(all, (at) => (all.targets[at] ^= 1)),
    /a target is not the value of its key/,
  ],
  "values are drawn with replacement": [(all) => (all.tokens[3] = all.tokens[1]), /two keys have one value/],
};

describe.each(["zeros", "random"] as const)("planted faults, the rest %s", (fill) => {
  it.each(Object.entries(FAULTS))("%s", (_name, [plant, said]) => {
    const sizes = { ...SIZES["length 256"], fill };
    const examples = mqarExamples(sizes, SEED, 0, 32);
    plant(examples, sizes);
    expect(mqarFaults(sizes, examples).join("\n")).toMatch(said);
  });
});

/** Sum of (seen - wanted)^2 / wanted, and the most that it is in all but 1 of 100,000 cases (Wilson and Hilferty). */
function chiSquare(seen: readonly number[], shares: readonly number[]): { sum: number; most: number } {
  const total = seen.reduce((sum, count) => sum + count, 0);
  const sum = seen.reduce((all, count, i) => all + (count - total * shares[i]) ** 2 / (total * shares[i]), 0);
  const degrees = seen.length - 1;
  return { sum, most: degrees * (1 - 2 / (9 * degrees) + 4.265 * Math.sqrt(2 / (9 * degrees))) ** 3 };
}

/** Gap of each key of each example. */
function gapsOf({ pairs, length }: MqarSizes, { count, tokens, targets }: Examples): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const own = tokens.subarray(i * length, (i + 1) * length);
    return Array.from({ length: pairs }, (_, pair) => {
      const query = own.findIndex((token, t) => targets[i * length + t] >= 0 && token === own[2 * pair]);
      return (query - 2 * pairs) / 2;
    });
  });
}

describe("statistics", () => {
  const sizes = { length: 64, pairs: 4, vocabulary: 64, power: 0.01, fill: "random" } as const;
  const examples = mqarExamples(sizes, SEED, 0, 4000);
  const gaps = gapsOf(sizes, examples);
  const weights = [...gapWeights(sizes)];
  const total = weights.reduce((sum, weight) => sum + weight, 0);

  it("gaps of the first key follow the power law", () => {
    const seen = weights.map((_, gap) => gaps.filter(([first]) => first === gap).length);
    const { sum, most } = chiSquare(
      seen,
      weights.map((weight) => weight / total),
    );
    expect(sum).toBeLessThan(most);
    // and the test sees a law that is another one: the gaps of uniform draws are far off
    const uniform = gapsOf(sizes, mqarExamples({ ...sizes, power: 1 }, SEED, 0, 4000));
    const other = weights.map((_, gap) => uniform.filter(([first]) => first === gap).length);
    expect(
      chiSquare(
        other,
        weights.map((weight) => weight / total),
      ).sum,
    ).toBeGreaterThan(10 * most);
  });

  it("gaps of the second key follow what the first has left, as draws without replacement do", () => {
    const shares = weights.map((weight, gap) =>
      weights.reduce(
        (sum, first, i) => (i === gap ? sum : sum + ((first / total) * weight) / (total - first)),
        0,
      ),
    );
    const seen = weights.map((_, gap) => gaps.filter(([, second]) => second === gap).length);
    const { sum, most } = chiSquare(seen, shares);
    expect(sum).toBeLessThan(most);
  });

  it.each([
    ["keys", 0, 1],
    ["values", 1, 32],
  ] as const)("%s are as likely as each other", (_name, odd, least) => {
    const seen = new Array<number>(32 - (least === 1 ? 1 : 0)).fill(0);
    for (let i = 0; i < examples.count; i++)
      for (let pair = 0; pair < sizes.pairs; pair++)
        seen[examples.tokens[i * sizes.length + 2 * pair + odd] - least]++;
    const { sum, most } = chiSquare(
      seen,
      seen.map(() => 1 / seen.length),
    );
    expect(sum).toBeLessThan(most);
  });
});

it.each([
  [{ length: 63, pairs: 4 }, /even length of at least 16, got 63/],
  [{ length: 14, pairs: 4 }, /even length of at least 16, got 14/],
  [{ vocabulary: 8 }, /even vocabulary of at least 10, got 8/],
])("sizes that do not fit: %j", (wrong, said) => {
  const sizes = { length: 64, pairs: 4, vocabulary: 64, power: 0.01, fill: "zeros" as const, ...wrong };
  expect(() => mqarExamples(sizes, 0, 0, 1)).toThrow(said);
});
