/** What runs and what is skipped, as a table: one curve whose times are known, met with so much time and memory. */
import { describe, expect, it } from "vitest";
import { operators } from "../../../impls/index.js";
import { Affordable } from "../../../suites/budget/afford.js";
import { BUDGETS } from "../../../suites/budget/budget.js";
import type { Case } from "../../../suites/plan/case.js";

const ssd = operators.find(({ name }) => name === "ssd")!;
const S = 1e9;

/** Six doublings of one implementation; it takes `S * 2^rank / 10` a run and holds a MiB a token. */
const curve: Case[] = Array.from({ length: 6 }, (_, rank) => {
  const dims = { batch: 1, length: 2 ** rank, heads: 1, groups: 1, headDim: 1, state: 1 };
  const problem = { operator: "ssd", dtype: "f32", dims, inputs: {} };
  return {
    id: `c ${rank}`,
    curves: ["c"],
    lineage: "c",
    rank,
    figure: false,
    work: 2 ** rank,
    operator: ssd,
    problem,
  };
}) as unknown as Case[];

interface Row {
  readonly title: string;
  readonly rank: number;
  /** Ranks that have been measured. */
  readonly seen: readonly number[];
  readonly spentNs?: number;
  readonly memoryBytes?: number;
  readonly unsupported?: string;
  readonly hung?: boolean;
  readonly expected: true | RegExp;
}

const table: readonly Row[] = [
  {
    title: "the two smallest sizes run when nothing is left",
    rank: 1,
    seen: [0],
    spentNs: 1e6 * S,
    expected: true,
  },
  { title: "a size of which nothing smaller has run is tried", rank: 3, seen: [], expected: true },
  {
    title: "larger sizes say nothing of a smaller one",
    rank: 3,
    seen: [5],
    spentNs: 1e6 * S,
    expected: true,
  },
  { title: "a larger size runs while there is time", rank: 2, seen: [0, 1], expected: true },
  {
    title: "a larger size is skipped with its predicted time when there is none",
    rank: 3,
    seen: [0, 1],
    spentNs: 1e6 * S,
    expected:
      /^predicted 800 ms a run, 3\.20 s to verify and time it; nothing is left of the default grid's time$/,
  },
  {
    title: "memory comes before time",
    rank: 4,
    seen: [0, 1],
    memoryBytes: 15 * 2 ** 20,
    expected: /^predicted to hold 16\.0 MiB, this run may use 15\.0 MiB$/,
  },
  {
    title: "memory that fits is no reason",
    rank: 4,
    seen: [0, 1],
    memoryBytes: 17 * 2 ** 20,
    expected: true,
  },
  {
    title: "its own reason comes first",
    rank: 0,
    seen: [],
    unsupported: "needs a GPU",
    expected: /^needs a GPU$/,
  },
  {
    title: "what gave no answer is not tried again",
    rank: 1,
    seen: [0],
    hung: true,
    expected: /^not tried: c 0 gave/,
  },
];

describe("afford", () => {
  it.each(table)("$title", ({ rank, seen, spentNs, memoryBytes = 2 ** 40, unsupported, hung, expected }) => {
    const affordable = new Affordable(
      { gridName: "default", grid: BUDGETS.default, memoryBytes, lanes: () => 0, spentNs },
      new Set(curve.slice(rank)),
    );
    for (const place of seen)
      affordable.saw(curve[place], { runNs: 0.1 * S * 2 ** place, bytes: 2 ** (20 + place) });
    if (hung) affordable.gaveNoAnswer(curve[0]);
    const answer = affordable.afford({ ...curve[rank], unsupported });
    if (expected === true) expect(answer).toEqual({ runs: true });
    else expect(answer.runs ? "runs" : answer.reason).toMatch(expected);
    if (!answer.runs) expect(answer.status).toBe(hung ? "failed" : "skipped");
  });

  it("begins no further curve of a kernel that is known to be slow once the run is over, and says what it would take", () => {
    const start = { ...curve[1], curves: ["d"], work: 2 ** 6 };
    const once = (spentNs: number, lineage = "c") => {
      const options = {
        gridName: "default",
        grid: BUDGETS.default,
        memoryBytes: 2 ** 40,
        lanes: () => 0,
        spentNs,
      };
      const affordable = new Affordable(options, new Set([start]));
      for (const place of [0, 1])
        affordable.saw(curve[place], { runNs: 0.1 * S * 2 ** place, bytes: 2 ** 20 });
      return affordable.afford({ ...start, lineage });
    };
    expect(once(0)).toEqual({ runs: true });
    // nothing is known of another kernel
    expect(once(1e6 * S, "e")).toEqual({ runs: true });
    expect(once(1e6 * S)).toMatchObject({
      status: "skipped",
      reason:
        "predicted 6.40 s a run from other sizes of the kernel; the default grid's time is over, and a case may use 9.00 s",
      predictedNs: expect.closeTo(6.4 * S, 0),
    });
  });
});
