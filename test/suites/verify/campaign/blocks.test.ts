import { expect, it } from "vitest";
import {
  type BlockResult,
  blocksOf,
  parseBlock,
  together,
} from "../../../../suites/verify/campaign/blocks.js";

it("cuts cases into blocks of consecutive seeds, the last one smaller", () => {
  expect(blocksOf(2500, 7)).toEqual([
    { index: 0, seed: 7, cases: 1000 },
    { index: 1, seed: 8, cases: 1000 },
    { index: 2, seed: 9, cases: 500 },
  ]);
  expect(() => blocksOf(2001, 2 ** 31 - 2)).toThrow(/beyond the largest seed, 2147483647/);
});

const row = {
  implementation: "ssd/chunked.cpu",
  problems: 10,
  checks: 12,
  failed: 0,
  probableWorst: 0.5,
  tightness: 20,
};
const failure = {
  law: "linearity",
  target: "ssd/chunked.cpu",
  counterexample: ["x"],
  token: "linearity.ssd.7.1",
};
const block = (part: Partial<BlockResult>): BlockResult => ({
  checks: 12,
  failed: 0,
  table: [{ ...row, worst: 0.1, median: 0.01 }],
  atlas: [],
  failures: [],
  skips: {},
  ...part,
});

it("adds what blocks found: sums, the worst, the middle of medians, the first failure of a kind", () => {
  const found = together([
    block({ skips: { "takes no D": 2 } }),
    block({ table: [{ ...row, worst: 0.4, median: 0.03, failed: 1 }], failed: 1, failures: [failure] }),
    block({
      table: [{ ...row, worst: 0.2, median: 0.02 }],
      skips: { "takes no D": 1 },
      failures: [{ ...failure, token: "other" }],
    }),
  ]);
  expect(found).toEqual({
    checks: 36,
    failed: 1,
    table: [{ ...row, problems: 30, checks: 36, failed: 1, worst: 0.4, median: 0.02 }],
    atlas: [],
    failures: [failure],
    skips: new Map([["takes no D", 3]]),
  });
});

it("reads the words that JSON has for numbers, and takes half a document for none", () => {
  const text = JSON.stringify(block({ table: [{ ...row, worst: "Infinity", median: "NaN" } as never] }));
  expect(parseBlock(text)?.table[0]).toMatchObject({ worst: Number.POSITIVE_INFINITY, median: Number.NaN });
  expect(parseBlock(text.slice(0, -1))).toBeUndefined();
  expect(parseBlock("{}")).toBeUndefined();
});
